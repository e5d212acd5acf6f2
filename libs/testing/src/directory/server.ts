import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { listenOnLoopback } from '../service-providers/listen-on-loopback.ts';
import type { ListenOptions } from '../service-providers/listen-on-loopback.ts';
import { answerMethod, apiMethods } from './admin-api.ts';
import type { ApiMethod } from './admin-api.ts';
import { runCommand } from './commands.ts';
import type { DirectoryCommand, DirectoryResult } from './commands.ts';
import { customerIdOf, makeDirectory, makeServiceAccountKey } from './directory.ts';
import type { Directory, ServiceAccountKey } from './directory.ts';
import { setCustomerId } from './changes.ts';
import { examplePeople } from './example-people.ts';
import { failIfAsked, spoilAnswer, takeFault } from './faults.ts';
import { GoogleError } from './google-error.ts';
import { pageNumber } from './pages.ts';
import { takeFromRate } from './rate-limit.ts';
import type { DirectoryState } from './state.ts';
import { findUser } from './state.ts';
import { exchangeAssertion, issuerOf } from './token-endpoint.ts';

/** A running stand-in for Google: its Admin SDK and its token endpoint. */
export type ExampleDirectory = {
  /** The Admin SDK's root, for `rootUrl` of @googleapis/admin. */
  url: string;
  /** The token endpoint. google-auth-library has Google's built in: rewrite it by a gaxios interceptor. */
  tokenUrl: string;
  /** Takes any {@link DirectoryCommand} as the JSON body of a POST, from other processes. */
  controlUrl: string;
  /** The people, to look at. Change them by `run`. */
  state: DirectoryState;
  /** The key file of the service account that may read this directory. */
  serviceAccountKey: () => ServiceAccountKey;
  /** Changes the people, breaks things, counts requests. */
  run: <Command extends DirectoryCommand>(command: Command) => DirectoryResult<Command>;
  /** One more Google customer at the same addresses, told apart by its service account; it ends with this one. */
  addCustomer: (options?: CustomerOptions) => Omit<ExampleDirectory, 'addCustomer' | 'stop'>;
  stop: () => Promise<void>;
};

/** What a Google customer has. */
export type CustomerOptions = {
  /** Default: the example people. */
  people?: DirectoryState;
  /** Default: a new one. */
  serviceAccountKey?: ServiceAccountKey;
  /** Google's id of the customer. Default: one that goes with the service account. */
  customerId?: string;
};

/** How to start one. */
export type DirectoryOptions = ListenOptions &
  CustomerOptions & {
    /** Waited for between working out the API's answer to a request and sending it: what is changed here comes after it. */
    onAnswer?: (request: URL) => void | Promise<void>;
  };

/** Starts a real server on loopback that behaves like Google's Admin SDK Directory API and token endpoint. */
export async function startDirectory(options: DirectoryOptions = {}): Promise<ExampleDirectory> {
  // Whoever signs for none of them talks to the first.
  const directories: Directory[] = [];
  const { onAnswer } = options;
  const { url, stop } = await listenOnLoopback(
    (request, response) => serve({ directories, onAnswer }, request, response),
    options,
  );
  const addCustomer = (customer: CustomerOptions = {}) => {
    const key = customer.serviceAccountKey ?? makeServiceAccountKey();
    const directory = makeDirectory(customer.people ?? examplePeople().state, key);
    setCustomerId(directory.state, { customerId: customer.customerId ?? customerIdOf(key) });
    const number = directories.push(directory);
    return {
      url,
      tokenUrl: `${url}/token`,
      controlUrl: `${url}/_control${number === 1 ? '' : `/${number}`}`,
      state: directory.state,
      serviceAccountKey: () => ({ ...key }),
      run: <Command extends DirectoryCommand>(command: Command) => runCommand(directory, command),
    };
  };
  return { ...addCustomer(options), addCustomer, stop };
}

async function serve(
  { directories, onAnswer }: { directories: Directory[]; onAnswer: DirectoryOptions['onAnswer'] },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const body = await text(request);
  const control = /^\/_control(?:\/(\d+))?$/.exec(url.pathname);
  if (control) return serveControl(directories[Number(control[1] ?? 1) - 1] ?? directories[0]!, body, response);
  const isToken = url.pathname === '/token';
  const bearer = bearerOf(request);
  const issuer = isToken ? issuerOf(body) : undefined;
  const theirs = directories.find(({ clientEmail, tokens }) => (isToken ? clientEmail === issuer : tokens.has(bearer)));
  const directory = theirs ?? directories[0]!;
  if (directory.latencyMs > 0) await pause(directory.latencyMs);
  if (isToken) return serveToken(directory, body, url, request, response);
  const answer = answerOrRefuse(directory, request, url, body);
  await onAnswer?.(url);
  if (!(answer instanceof GoogleError)) return send(response, answer === '' ? 204 : 200, answer);
  send(response, answer.status, answer.body(), answer.retryAfterSeconds);
}

function answerOrRefuse(directory: Directory, request: IncomingMessage, url: URL, body: string): object | string {
  try {
    return answerApi(directory, request, url, body);
  } catch (error) {
    return error instanceof GoogleError ? error : new GoogleError(500, 'backendError', String(error));
  }
}

function bearerOf({ headers }: IncomingMessage): string {
  return headers.authorization?.replace(/^Bearer /, '') ?? '';
}

function serveControl(directory: Directory, body: string, response: ServerResponse): void {
  try {
    send(response, 200, { result: runCommand(directory, JSON.parse(body) as DirectoryCommand) ?? null });
  } catch (error) {
    send(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function serveToken(
  directory: Directory,
  body: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  directory.counts.token++;
  const fault = takeFault(directory.faults, { kind: 'token', page: 1 });
  if (fault?.effect === 'fail') {
    const refusal = { error: fault.reason, error_description: fault.message ?? fault.reason };
    return send(response, fault.status, refusal, fault.retryAfterSeconds);
  }
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  const answer = exchangeAssertion(directory, body, `${scheme}://${url.host}/token`);
  send(response, answer.status, answer.body);
}

function answerApi(directory: Directory, request: IncomingMessage, url: URL, text: string): object | string {
  const method = apiMethods.find(({ path, verb = 'GET' }) => verb === request.method && path.test(url.pathname));
  if (!method) {
    throw new GoogleError(404, 'notFound', `The example directory has no ${request.method} ${url.pathname}`);
  }
  directory.counts[method.kind]++;
  if (directory.rateLimit) takeFromRate(directory.rateLimit, performance.now());
  const query = Object.fromEntries(url.searchParams);
  const key = decodeURIComponent(method.path.exec(url.pathname)?.[1] ?? '');
  const pageToken = query['pageToken'];
  const fault = takeFault(directory.faults, { kind: method.kind, page: pageNumber(pageToken), key });
  failIfAsked(fault);
  authorize(directory, method, bearerOf(request));
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const answer = answerMethod(method, directory, query, { key, body });
  return answer === '' ? answer : spoilAnswer(answer, fault, pageToken);
}

function authorize(directory: Directory, method: ApiMethod, bearer: string): void {
  const token = directory.tokens.get(bearer);
  if (!token || token.expiresAtMs < Date.now()) {
    throw new GoogleError(401, 'authError', 'Invalid Credentials');
  }
  const names = token.scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  if (!names.includes(method.scope) && !names.includes(`${method.scope}.readonly`)) {
    throw new GoogleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.');
  }
  const subject = findUser(directory.state, token.subject);
  if (!subject?.isAdmin || subject.suspended || subject.deletionTime) {
    throw new GoogleError(403, 'forbidden', 'Not Authorized to access this resource/api');
  }
}

function send(response: ServerResponse, status: number, body: object | string, retryAfterSeconds?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
