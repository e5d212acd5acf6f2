import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isUnavailable } from '@autoprov/postgres';
import { Counter, type Registry } from '@autoprov/service';
import type { ReaderContext } from '../context.ts';
import { isToken, readNotificationHeaders, readUserId } from '../domain/notification.ts';
import { createTurns } from '../domain/turns.ts';
import { hurryUser } from '../store/hurried-users.ts';
import { findChannel } from '../store/watch-channels.ts';

const BODY_MAX_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 5_000;
/** What became of a request, and the status that says so to Google: 5xx is sent again, any other failure is not. */
const statuses = {
  accepted: 204,
  sync: 204,
  not_post: 405,
  unknown_channel: 404,
  wrong_token: 401,
  too_large: 413,
  names_nobody: 400,
  too_many: 503,
  unavailable: 503,
  failed: 500,
};
type Result = keyof typeof statuses;

/** What the hook needs. */
export type Hook = {
  context: Pick<ReaderContext, 'pool' | 'logger' | 'now'>;
  /** host:port to listen on; port 0 takes a free one. */
  address: string;
  registry: Registry;
  /** Beyond so many, requests are answered by 503, and Google sends again. */
  requestsPerSecond: number;
  /** Called when a user is to be asked for. */
  onHurried(): void;
};

/**
 * Listens for Google's notifications, at any path, in plain HTTP: TLS ends before it (docs/adr/0013). A notification is
 * taken for nothing but a hint that one user is worth asking for.
 */
export async function serveHook(hook: Hook): Promise<{ port: number; stop(): Promise<void> }> {
  const { address, registry, context } = hook;
  const results = new Counter({
    name: 'autoprov_watch_notifications_total',
    help: 'Requests to the hook for notifications of Google, by what became of them.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  const takeTurn = createTurns(hook.requestsPerSecond);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const result = takeTurn()
      ? await receive(hook, request).catch((err: unknown) => resultOf(context, err))
      : 'too_many';
    results.inc({ result });
    const status = statuses[result];
    // What is left of a refused request is not read.
    response.writeHead(status, status === 204 ? {} : { connection: 'close' }).end();
  };
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1_000 },
    (request, response) => void answer(request, response),
  );
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function receive({ context, ...hook }: Hook, request: IncomingMessage): Promise<Result> {
  const { pool, now } = context;
  if (request.method !== 'POST') return 'not_post';
  const headers = readNotificationHeaders(request.headers);
  const channel = headers && (await findChannel(pool, headers.channelId));
  if (!channel) return 'unknown_channel';
  if (!isToken(headers.token, channel.tokenSha256)) return 'wrong_token';
  if (headers.state === 'sync') return 'sync';
  const body = await readBody(request);
  if (body === undefined) return 'too_large';
  const userId = readUserId(body);
  if (userId === undefined) return 'names_nobody';
  await hurryUser(pool, channel.customerId, userId, now());
  hook.onHurried();
  return 'accepted';
}

/** The body as text; undefined when it is longer than a notification is. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when left early: it still has to be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_MAX_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function resultOf({ logger }: Hook['context'], err: unknown): Result {
  if (isUnavailable(err)) return 'unavailable';
  logger.error({ err }, 'a notification could not be taken: the next read sees the change');
  return 'failed';
}
