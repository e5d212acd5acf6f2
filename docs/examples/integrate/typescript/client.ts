// A service of your own that looks after one customer's provisioning, with nothing of Autoprov but its proto files:
// npm install @grpc/grpc-js @bufbuild/protobuf, stubs by buf.gen.yaml, Node 24. See docs/integrate.md.
//
//   node client.ts CUSTOMER PERSON [ETAG]
//
// Shows what fails and the credential of the customer's first app, and excludes PERSON from it. ETAG is that of the setup
// as it was when somebody began to edit it; it may be old by now. CONFIG_ADDRESS, TOKEN_BROKER_ADDRESS,
// FAILURE_REPORTER_ADDRESS, TLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE say where, and as whom.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { ConfigServiceClient, type App } from './gen/autoprov/config/v1/config_service.ts';
import type { ProvisioningSetup } from './gen/autoprov/config/v1/setup.ts';
import { FailureServiceClient } from './gen/autoprov/failure/v1/failure_service.ts';
import { TokenBrokerServiceClient } from './gen/autoprov/token/v1/token_broker_service.ts';
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.ts';
import { Status } from './gen/google/rpc/status.ts';

const DEADLINE_MS = 10_000; // a call without a deadline is refused
const TRY_FOR_MS = 60_000;

const env = (name: string): string => process.env[name] ?? fail(`${name} is not set`);
const file = (name: string): Buffer => readFileSync(env(name));
const tls = credentials.createSsl(file('TLS_CA_FILE'), file('TLS_KEY_FILE'), file('TLS_CERT_FILE'));
const config = new ConfigServiceClient(env('CONFIG_ADDRESS'), tls);
const tokenBroker = new TokenBrokerServiceClient(env('TOKEN_BROKER_ADDRESS'), tls);
const failures = new FailureServiceClient(env('FAILURE_REPORTER_ADDRESS'), tls);

/** What an error says beside its status: a reason to switch on, fields at fault, how long to wait. */
function detailsOf(err: ServiceError): { reason: string; retryAfterMs?: number; violations: string[] } {
  const found: ReturnType<typeof detailsOf> = { reason: '', violations: [] };
  const [bytes] = err.metadata?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return found; // no service answered
  for (const { typeUrl, value } of Status.decode(bytes).details) {
    if (typeUrl.endsWith('google.rpc.ErrorInfo')) found.reason = ErrorInfo.decode(value).reason;
    if (typeUrl.endsWith('google.rpc.BadRequest'))
      found.violations = BadRequest.decode(value).fieldViolations.map(
        ({ field, description }) => `${field} ${description}`,
      );
    if (typeUrl.endsWith('google.rpc.RetryInfo')) {
      const { seconds, nanos } = RetryInfo.decode(value).retryDelay ?? { seconds: 0n, nanos: 0 };
      found.retryAfterMs = Number(seconds) * 1_000 + nanos / 1_000_000;
    }
  }
  return found;
}

type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: { deadline: number },
  callback: (err: ServiceError | null, response: Response) => void,
) => unknown;

/**
 * Makes a call; while the service, or one behind it, is unavailable, makes it again: after the time that the answer names,
 * else after a growing one. A write must carry a request_id: it may have been done although no answer came.
 */
async function call<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> {
  const giveUp = Date.now() + TRY_FOR_MS;
  for (let backoffMs = 200; ; backoffMs = Math.min(backoffMs * 2, 5_000)) {
    try {
      return await new Promise((resolve, reject) => {
        const deadline = Date.now() + DEADLINE_MS;
        method(request, new Metadata(), { deadline }, (err, response) => (err ? reject(err) : resolve(response)));
      });
    } catch (err) {
      const error = err as ServiceError;
      const { reason, retryAfterMs } = detailsOf(error);
      if (error.code !== status.UNAVAILABLE || Date.now() > giveUp) throw err;
      console.error(`unavailable (${reason || 'no answer'}): again in ${retryAfterMs ?? backoffMs} ms`);
      await sleep(retryAfterMs ?? backoffMs);
    }
  }
}

async function listApps(parent: string): Promise<App[]> {
  const apps: App[] = [];
  for (let pageToken = ''; ;) {
    const page = await call(config.listApps.bind(config), { parent, pageSize: 100, pageToken });
    apps.push(...page.apps);
    if (page.nextPageToken === '') return apps;
    pageToken = page.nextPageToken;
  }
}

async function readSetup(name: string): Promise<ProvisioningSetup> {
  const { setup } = await call(config.getSetup.bind(config), { name });
  return setup!;
}

/** Reads, changes and writes; when somebody else has written in between, does it again on what they wrote. */
async function excludePerson(name: string, person: string, etag: string): Promise<ProvisioningSetup> {
  for (let tries = 0; tries < 5; tries++) {
    const read = await readSetup(name);
    if (read.scope?.excludedPersons.includes(person)) return read;
    const scope = { ...read.scope!, excludedPersons: [...(read.scope?.excludedPersons ?? []), person] };
    const setup = { ...read, scope, etag: tries === 0 && etag !== '' ? etag : read.etag };
    const request = { setup, updateMask: ['scope.excluded_persons'], validateOnly: false, requestId: randomUUID() };
    try {
      const answer = await call(config.updateSetup.bind(config), request);
      return answer.setup!;
    } catch (err) {
      if (detailsOf(err as ServiceError).reason !== 'STALE_SETUP_CHANGED') throw err;
      console.error('stale (STALE_SETUP_CHANGED): read again');
    }
  }
  return fail('the setup changes faster than it can be edited: try again later');
}

async function main(customerId: string, person: string, etag: string): Promise<void> {
  const parent = `customers/${customerId}`;
  const open = { parent, filter: undefined, pageSize: 100, pageToken: '' };
  const page = await call(failures.listFailures.bind(failures), open);
  const [app] = await listApps(parent);
  if (!app) return fail(`${parent} has no app`);
  const { credential } = await call(tokenBroker.getCredential.bind(tokenBroker), { name: `${app.name}/credential` });
  const setup = await excludePerson(`${app.name}/setup`, person, etag);
  console.log(
    JSON.stringify({
      failures: page.failures.map(({ code, reason }) => `${code} ${reason}`),
      app: app.name,
      credentialVersion: Number(credential!.version),
      etag: setup.etag,
      excludedPersons: setup.scope!.excludedPersons,
    }),
  );
}

function fail(message: string): never {
  throw new Error(message);
}

const [customerId, person, etag = ''] = process.argv.slice(2);
main(customerId ?? fail('say which customer'), person ?? fail('say whom to exclude'), etag)
  .catch((err: ServiceError) => {
    const { reason, violations } = detailsOf(err);
    console.error(
      [`${status[err.code] ?? ''} ${reason} ${err.details ?? err.message}`.trim(), ...violations].join('\n'),
    );
    process.exitCode = 1;
  })
  .finally(() => [config, tokenBroker, failures].forEach((client) => client.close()));
