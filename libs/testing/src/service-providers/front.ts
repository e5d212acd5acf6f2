import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { findFault, type WireRequest } from './check-request.ts';
import { takeFrontFault } from './front-faults.ts';
import type { FrontCommand, FrontCounts, FrontFault, FrontLogEntry } from './front-faults.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import type { Listener, ListenOptions } from './listen-on-loopback.ts';
import { scimErrorBody } from './scim-error.ts';

/** A front before a service provider that we did not write: it counts, logs and spoils, the provider answers. */
export type Front = {
  /** For example `https://127.0.0.1:40123`. */
  url: string;
  run: (command: FrontCommand) => void;
  counts: () => FrontCounts;
  /** The last ten thousand requests, oldest first. */
  log: () => FrontLogEntry[];
  /** What is wrong with requests of our SCIM client, by a validator that is not ours, one sentence each. */
  invalidRequests: () => string[];
  stop: () => Promise<void>;
};

type State = {
  provider: Pool;
  faults: FrontFault[];
  latencyMs: number;
  counts: FrontCounts;
  log: FrontLogEntry[];
  invalidRequests: Set<string>;
};

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer | string };

const logLimit = 10_000;

/**
 * Starts a provider and a front before it. It is a proxy over a real connection, not a fake: what the provider holds in
 * the end is the provider's own doing.
 *
 * @param makeProvider the provider's request handler, given the URL that clients see
 */
export async function startFront(
  makeProvider: (url: string) => Listener | Promise<Listener>,
  options: ListenOptions = {},
): Promise<Front> {
  // The provider writes the front's URL into its answers, so the front is up first, and nobody knows it yet.
  const outside = await listenOnLoopback((request, response) => serve(state, request, response), options);
  const inside = await listenOnLoopback(await makeProvider(outside.url));
  const provider = new Pool(inside.url);
  const state: State = {
    provider,
    faults: [],
    latencyMs: 0,
    counts: zeroCounts(),
    log: [],
    invalidRequests: new Set(),
  };
  return {
    url: outside.url,
    run: (command) => runFrontCommand(state, command),
    counts: () => state.counts,
    log: () => state.log,
    invalidRequests: () => [...state.invalidRequests],
    async stop() {
      await outside.stop();
      await provider.destroy();
      await inside.stop();
    },
  };
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url: path = '/' } = request;
  const body = await buffer(request);
  if (path.startsWith('/_control')) return serveControl(state, method, path, body, response);
  judgeRequest(state, { method, path, headers: request.headers, body: body.toString() });
  state.counts[method === 'GET' ? 'reads' : 'writes']++;
  state.counts.byMethod[method] = (state.counts.byMethod[method] ?? 0) + 1;
  if (state.latencyMs > 0) await pause(state.latencyMs);
  const fault = takeFrontFault(state.faults, method, path);
  const forward = () => callProvider(state.provider, { method, path, headers: request.headers, body });
  const answer = await answerUnder(fault, forward);
  state.log.push({
    method,
    path,
    ...(answer && { status: answer.status }),
    ...(fault && { fault: fault.effect }),
  });
  if (state.log.length > logLimit) state.log.shift();
  if (!answer) return void request.socket.resetAndDestroy();
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

/** Tests send what they like; our client sends valid SCIM only. */
function judgeRequest({ invalidRequests }: State, request: WireRequest): void {
  if (request.headers['user-agent'] !== 'autoprov') return;
  const path = request.path.slice(request.path.search(/\/[A-Z]\w+(?:[/?]|$)/));
  const fault = findFault({ ...request, path });
  if (fault) invalidRequests.add(fault);
}

/** The provider's answer, or the fault's; undefined: the connection is to be reset. */
async function answerUnder(fault: FrontFault | undefined, forward: () => Promise<Answer>): Promise<Answer | undefined> {
  switch (fault?.effect) {
    case undefined:
      return forward();
    case 'rateLimit': {
      const wait = fault.retryAfterSeconds;
      const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
      return refuse(429, 'Too many requests', headers);
    }
    case 'failBefore':
      return refuse(fault.status ?? 500, 'Internal error');
    case 'failAfter':
      await forward();
      return refuse(fault.status ?? 500, 'Internal error');
    case 'resetAfter':
      await forward();
      return undefined;
    case 'holdAfter': {
      const answer = await forward();
      // A client that was killed meanwhile leaves the wait behind: it must not keep this process alive.
      await pause(fault.holdMs, undefined, { ref: false });
      return answer;
    }
    case 'html':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' };
    case 'unauthorized':
      return refuse(401, 'The access token is invalid', { 'www-authenticate': 'Bearer error="invalid_token"' });
  }
}

function refuse(status: number, detail: string, headers: Record<string, string> = {}): Answer {
  const body = JSON.stringify(scimErrorBody(status, detail));
  return { status, headers: { 'content-type': 'application/scim+json', ...headers }, body };
}

async function callProvider(
  provider: Pool,
  { headers, ...request }: { method: string; path: string; headers: IncomingMessage['headers']; body: Buffer },
): Promise<Answer> {
  const answer = await provider.request({ ...request, headers: withoutHop(headers) });
  const body = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: withoutHop(answer.headers), body };
}

/** The headers that are not about one connection (RFC 9110 §7.6.1) or about the length, which is set anew. */
function withoutHop<Value>(headers: Record<string, Value>): Record<string, Value> {
  const hop = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade', 'te', 'trailer'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hop.includes(name)));
}

function serveControl(state: State, method: string, path: string, body: Buffer, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  if (method === 'POST') {
    runFrontCommand(state, JSON.parse(body.toString()) as FrontCommand);
    response.end('{}');
  } else if (path === '/_control/counts') {
    response.end(JSON.stringify(state.counts));
  } else if (path === '/_control/log') {
    response.end(JSON.stringify(state.log));
  } else if (path === '/_control/invalid-requests') {
    response.end(JSON.stringify([...state.invalidRequests]));
  } else {
    response
      .writeHead(404)
      .end('{"error":"GET /_control/counts, /_control/log, /_control/invalid-requests or POST /_control"}');
  }
}

function runFrontCommand(state: State, command: FrontCommand): void {
  switch (command.do) {
    case 'fault':
      state.faults.push({ ...command });
      return;
    case 'setLatency':
      state.latencyMs = command.latencyMs;
      return;
    case 'clearFaults':
      state.faults.length = 0;
      state.latencyMs = 0;
      return;
    case 'resetCounts':
      state.counts = zeroCounts();
      state.log.length = 0;
  }
}

function zeroCounts(): FrontCounts {
  return { reads: 0, writes: 0, byMethod: {} };
}
