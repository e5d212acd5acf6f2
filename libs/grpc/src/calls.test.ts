import { afterEach, expect, test } from '@jest/globals';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { RpcError, rpcErrorOf } from './index.ts';
import type { CallContext, Handlers, RpcClient } from './index.ts';
import { noteClient, NoteService, serveNotes, soon } from './test-service.ts';

let server: Awaited<ReturnType<typeof serveNotes>>;
let client: RpcClient<typeof NoteService>;

async function start(
  handlers: Partial<Handlers<typeof NoteService>>,
  options?: Parameters<typeof serveNotes>[1],
): Promise<void> {
  server = await serveNotes(handlers, options);
  client = noteClient({ address: server.address, callerName: 'config' });
}

afterEach(async () => {
  client.close();
  await server.stop();
});

/** A call by grpc-js alone, as a careless client makes it. */
function rawCall(bytes: Buffer, deadline?: number): Promise<unknown> {
  const raw = new Client(server.address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-autoprov-caller', 'config');
  const asIs = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    const options = deadline === undefined ? {} : { deadline };
    raw.makeUnaryRequest(NoteService.getNote.path, asIs, asIs, bytes, metadata, options, (err, response) => {
      raw.close();
      resolve(err ? rpcErrorOf(err) : response);
    });
  });
}

test.each([
  ['without a deadline', undefined],
  ['with a deadline too far away', 3_600_000],
])('a call %s is refused and told what to set', async (_, inMs) => {
  await start({});
  expect(await rawCall(Buffer.from('{}'), inMs && Date.now() + inMs)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'DEADLINE_REQUIRED',
    message: '/test.v1.NoteService/GetNote needs a deadline: set one of at most 60 s',
  });
});

test('a request that can not be decoded is the fault of the client', async () => {
  await start({});
  expect(await rawCall(Buffer.from('{'), Date.now() + 5_000)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
  });
  expect(server.logged()).toMatchObject([{ code: 'INVALID_ARGUMENT', err: { type: 'SyntaxError' } }]);
});

test('every call is counted and logged with how it ended', async () => {
  await start({
    getNote: async ({ text }) => ({ text }),
    createNote: async () => Promise.reject(new RpcError(status.ALREADY_EXISTS, 'RESOURCE_EXISTS', 'x')),
  });
  await client.getNote({ text: 'a' }, { ...soon, requestId: 'r-1' });
  await client.createNote({ text: 'a' }, soon).catch(() => {});
  expect(server.logged()).toMatchObject([
    {
      msg: 'rpc handled',
      method: '/test.v1.NoteService/GetNote',
      caller: 'config',
      code: 'OK',
      requestId: 'r-1',
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
    },
    { code: 'ALREADY_EXISTS', reason: 'RESOURCE_EXISTS' },
  ]);
  const metrics = await server.registry.metrics();
  expect(metrics).toContain(
    'grpc_server_call_duration_seconds_count{service="test.v1.NoteService",method="GetNote",code="OK"} 1',
  );
  expect(metrics).toContain('method="CreateNote",code="ALREADY_EXISTS"} 1');
});

test('when the caller goes away, the handler hears of it', async () => {
  const { seen, handler } = untilAborted();
  await start({ createNote: handler });
  const cancel = new AbortController();
  const call = client.createNote({ text: '' }, { ...soon, signal: cancel.signal });
  const context = await seen;
  cancel.abort();
  await expect(call.catch(rpcErrorOf)).resolves.toMatchObject({ code: status.CANCELLED });
  await aborted(context.signal);
  await server.stop();
  expect(server.logged()).toMatchObject([{ code: 'CANCELLED' }]);
});

test('when the deadline passes, the handler hears of it', async () => {
  const { seen, handler } = untilAborted();
  await start({ createNote: handler });
  const call = client.createNote({ text: '' }, { timeoutMs: 100 });
  const context = await seen;
  expect(context.deadline.getTime() - Date.now()).toBeLessThanOrEqual(100);
  await expect(call.catch(rpcErrorOf)).resolves.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await aborted(context.signal);
  await server.stop();
  expect(server.logged()).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }]);
});

test('the end of a call is no cancellation for what the handler left running', async () => {
  let signal!: AbortSignal;
  await start({ createNote: async (_, call) => ((signal = call.signal), { text: 'accepted' }) });
  await client.createNote({ text: '' }, soon);
  await server.stop();
  expect(signal.aborted).toBe(false);
});

test('a call within a call takes over deadline, cancellation, request id and trace', async () => {
  const inner: CallContext[] = [];
  const outer: CallContext[] = [];
  await start({
    getNote: async (_, call) => (inner.push(call), { text: '' }),
    createNote: async (request, call) => (
      outer.push(call),
      client.getNote(request, { timeoutMs: 30_000, parent: call })
    ),
  });
  await client.createNote({ text: '' }, { timeoutMs: 5_000, requestId: 'r-1' });
  expect(inner[0]).toMatchObject({ requestId: 'r-1', traceparent: outer[0]!.traceparent });
  const marginMs = outer[0]!.deadline.getTime() - inner[0]!.deadline.getTime();
  expect(marginMs).toBeGreaterThan(30);
  expect(marginMs).toBeLessThan(100);
});

test('a request id or trace that could forge a log line is replaced', async () => {
  const seen: CallContext[] = [];
  await start({ createNote: async (_, call) => (seen.push(call), { text: '' }) });
  await client.createNote({ text: '' }, { ...soon, requestId: 'a b"}', metadata: { traceparent: '00-x' } });
  expect(seen[0]!.requestId).toMatch(/^[\da-f-]{36}$/);
  expect(seen[0]!.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
});

test('a stream is read item by item and ends', async () => {
  await start({
    async *readNotes({ text }) {
      for (let i = 0; i < 100; i++) yield { text: `${text}${i}` };
    },
  });
  const texts: string[] = [];
  for await (const note of client.readNotes({ text: 'n' }, soon)) texts.push(note.text);
  expect(texts).toEqual(Array.from({ length: 100 }, (_, i) => `n${i}`));
});

test('a stream that fails gives what came before, then the error with its details', async () => {
  await start({
    async *readNotes() {
      yield { text: 'first' };
      throw new RpcError(status.FAILED_PRECONDITION, 'CREDENTIAL_MISSING', 'store one', { metadata: { app: 'crm' } });
    },
  });
  const texts: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { text } of client.readNotes({ text: '' }, soon)) texts.push(text);
  };
  await expect(read().catch(rpcErrorOf)).resolves.toMatchObject({
    reason: 'CREDENTIAL_MISSING',
    metadata: { app: 'crm' },
  });
  expect(texts).toEqual(['first']);
});

test('a stream waits for a slow reader, and its generator is closed when the reader goes', async () => {
  let made = 0;
  let close!: () => void;
  const closed = new Promise<void>((resolve) => (close = resolve));
  await start({
    async *readNotes() {
      try {
        for (; made < 2_000; made++) yield { text: 'x'.repeat(100_000) };
      } finally {
        close();
      }
    },
  });
  for await (const _ of client.readNotes({ text: '' }, soon)) {
    await whileChanging(() => made);
    expect(made).toBeLessThan(200); // 20 MB of 200: what the buffers of both sides and of the sockets take
    break;
  }
  await closed;
});

test('a running call is let finish when the server stops, and new ones are refused', async () => {
  let answer!: () => void;
  const { seen, handler } = untilReleased(new Promise<void>((resolve) => (answer = resolve)));
  await start({ createNote: handler });
  const call = client.createNote({ text: '' }, soon);
  await seen;
  const stopped = server.stop();
  const late = noteClient({ address: server.address, callerName: 'config' });
  await expect(late.createNote({ text: '' }, soon).catch(rpcErrorOf)).resolves.toMatchObject({
    code: status.UNAVAILABLE,
  });
  late.close();
  answer();
  expect(await call).toEqual({ text: 'done' });
  await stopped;
});

test('health is SERVING by service, and NOT_SERVING as soon as the server stops', async () => {
  await start({});
  const raw = new Client(server.address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = healthService['Watch']!;
  const watch = raw.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
    service: 'test.v1.NoteService',
  });
  const states: string[] = [];
  let stopped: Promise<void> | undefined;
  for await (const { status: state } of watch as AsyncIterable<{ status: string }>) {
    states.push(state);
    if (stopped) break;
    stopped = server.stop();
  }
  watch.on('error', () => {}).cancel();
  raw.close();
  await stopped;
  expect(states).toEqual(['SERVING', 'NOT_SERVING']);
});

test('an idempotent call is sent again while the service is unavailable, others are not', async () => {
  const calls = { getNote: 0, createNote: 0 };
  const failTwice = async (name: keyof typeof calls) => {
    calls[name] += 1;
    if (calls[name] < 3) throw new RpcError(status.UNAVAILABLE, 'FETCH_SETUP_FAILED', 'try again');
    return { text: name };
  };
  await start({ getNote: () => failTwice('getNote'), createNote: () => failTwice('createNote') });
  expect(await client.getNote({ text: '' }, soon)).toEqual({ text: 'getNote' });
  await expect(client.createNote({ text: '' }, soon)).rejects.toThrow('try again');
  expect(calls).toEqual({ getNote: 3, createNote: 1 });
});

test('an idempotent call that is told to wait is not sent again by itself', async () => {
  let calls = 0;
  await start({
    async getNote() {
      calls += 1;
      throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'x', { retryAfterMs: 30_000 });
    },
  });
  await expect(client.getNote({ text: '' }, soon).catch(rpcErrorOf)).resolves.toMatchObject({ retryAfterMs: 30_000 });
  expect(calls).toBe(1);
});

test('a client finds a service again that was restarted', async () => {
  await start({ getNote: async () => ({ text: 'before' }) });
  await client.getNote({ text: '' }, soon);
  await server.stop();
  await expect(client.createNote({ text: '' }, soon).catch(rpcErrorOf)).resolves.toMatchObject({
    code: status.UNAVAILABLE,
  });
  server = await serveNotes({ getNote: async () => ({ text: 'after' }) }, { address: server.address });
  expect(await client.getNote({ text: '' }, soon)).toEqual({ text: 'after' });
});

test('a message of 4 MB passes, a larger response is a bug of the service', async () => {
  await start({ createNote: async ({ text }) => ({ text: text + text }) });
  const limit = 4 * 1024 * 1024 - JSON.stringify({ text: '' }).length;
  expect((await client.createNote({ text: 'x'.repeat(limit / 2) }, soon)).text).toHaveLength(2 * Math.floor(limit / 2));
  await expect(client.createNote({ text: 'x'.repeat(limit) }, soon).catch(rpcErrorOf)).resolves.toMatchObject({
    code: status.INTERNAL,
  });
  await expect(client.createNote({ text: 'x'.repeat(limit + 1) }, soon).catch(rpcErrorOf)).resolves.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
});

test('an address in use is told with what to do', async () => {
  await start({});
  await expect(serveNotes({}, { address: server.address })).rejects.toThrow(
    `cannot listen on ${server.address}: end what uses it, or choose another address`,
  );
});

function untilAborted() {
  let see!: (context: CallContext) => void;
  const seen = new Promise<CallContext>((resolve) => (see = resolve));
  const handler = async (_: unknown, call: CallContext): Promise<never> => {
    see(call);
    await aborted(call.signal);
    throw call.signal.reason;
  };
  return { seen, handler };
}

function untilReleased(released: Promise<void>) {
  let see!: () => void;
  const seen = new Promise<void>((resolve) => (see = resolve));
  return { seen, handler: async () => (see(), await released, { text: 'done' }) };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

/** Resolves when the value has stood still for a while. */
async function whileChanging(value: () => number): Promise<void> {
  for (let last = -1, still = 0; still < 20; still = value() === last ? still + 1 : 0) {
    last = value();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
