import { afterEach, expect, test } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { RpcError, rpcErrorOf } from './index.ts';
import type { RpcClient, RpcFailure } from './index.ts';
import { isServiceError } from './rpc-error-of.ts';
import { STATUS_DETAILS_KEY } from './rpc-error.ts';
import { noteClient, serveNotes, soon } from './test-service.ts';
import type { NoteService } from './test-service.ts';

let server: Awaited<ReturnType<typeof serveNotes>>;
let client: RpcClient<typeof NoteService>;

afterEach(async () => {
  client.close();
  await server.stop();
});

/** What a caller gets to see of what a handler throws. */
async function throughTheWire(thrown: unknown, options: Parameters<typeof serveNotes>[1] = {}): Promise<RpcFailure> {
  server = await serveNotes({ createNote: async () => Promise.reject(thrown as Error) }, options);
  client = noteClient({ address: server.address, callerName: 'config' });
  return client.createNote({ text: '' }, soon).then(() => Promise.reject(new Error('was answered')), rpcErrorOf);
}

test('an error survives the wire with all its details', async () => {
  const failure = {
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    message: 'two fields of the setup are wrong: correct them — “€”',
    metadata: { setup: 'customers/acme/apps/crm/setup' },
    fieldViolations: [
      { field: 'setup.mappings[0].source', description: 'names no attribute' },
      { field: 'setup.scope', description: 'is empty' },
    ],
    retryAfterMs: 90_250,
    localizedMessage: 'Your settings were not saved.',
  } as const;
  const { code, reason, message, ...details } = failure;
  const error = new RpcError(code, reason, message, details);
  expect(rpcErrorOf(error)).toEqual(failure);
  expect(await throughTheWire(error)).toEqual(failure);
  expect(server.logged()).toMatchObject([
    { msg: 'rpc handled', level: 'info', code: 'INVALID_ARGUMENT', reason, caller: 'config' },
  ]);
});

test('an error with nothing but a reason reads as such', async () => {
  expect(await throughTheWire(new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'no such app'))).toEqual({
    code: status.NOT_FOUND,
    reason: 'RESOURCE_NOT_FOUND',
    message: 'no such app',
    metadata: {},
    fieldViolations: [],
  });
});

test.each([
  ['an error', new TypeError('password=hunter2', { cause: new Error('row of ann@acme.example') })],
  ['a string', 'hunter2'],
  ['an object', { code: status.NOT_FOUND, details: 'hunter2' }],
  ['nothing', undefined],
])('a bug that throws %s tells the caller nothing and the log everything', async (_, thrown) => {
  expect(await throughTheWire(thrown)).toEqual({
    code: status.INTERNAL,
    reason: 'INTERNAL',
    message: 'internal error',
    metadata: {},
    fieldViolations: [],
  });
  expect(server.logged()).toMatchObject([
    { level: 'error', code: 'INTERNAL', requestId: expect.any(String), err: expect.any(Object) },
  ]);
  if (thrown instanceof Error) {
    expect(server.logged()[0]!['err']).toMatchObject({
      type: 'TypeError',
      message: thrown.message,
      cause: { type: 'Error' },
    });
  }
});

test('the cause of a known error is logged and not sent', async () => {
  const cause = new Error('connect ECONNREFUSED 10.0.0.7');
  const failure = await throughTheWire(new RpcError(status.UNAVAILABLE, 'FETCH_SETUP_FAILED', 'try again', { cause }));
  expect(JSON.stringify(failure)).not.toContain('10.0.0.7');
  expect(server.logged()).toMatchObject([{ level: 'warn', err: { message: cause.message } }]);
});

test('what the service knows as unavailable is UNAVAILABLE, with a wait', async () => {
  const down = new Error('terminating connection');
  expect(await throughTheWire(down, { isUnavailable: (err) => err === down })).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    retryAfterMs: 1_000,
  });
});

test.each([
  [status.UNAVAILABLE, status.UNAVAILABLE],
  [status.DEADLINE_EXCEEDED, status.UNAVAILABLE],
  [status.PERMISSION_DENIED, status.INTERNAL],
])('status %i of a service behind, not handled, is %i for the caller', async (code, seen) => {
  const behind = Object.assign(new Error('x'), { code, details: 'from behind', metadata: new Metadata() });
  expect(isServiceError(behind)).toBe(true);
  expect(await throughTheWire(behind)).toMatchObject({ code: seen, message: expect.not.stringContaining('behind: x') });
});

test('as many violations are sent as fit, and the rest is counted', async () => {
  const fieldViolations = Array.from({ length: 5_000 }, (_, i) => ({
    field: `mappings[${i}]`,
    description: 'is wrong',
  }));
  const failure = await throughTheWire(
    new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', 'x', { fieldViolations }),
  );
  const kept = failure.fieldViolations.length - 1;
  expect(kept).toBeGreaterThan(100);
  expect(failure.fieldViolations.at(-1)!.description).toBe(`${5_000 - kept} more: correct these first and try again`);
});

test('a message cut within a character can be sent', async () => {
  const failure = await throughTheWire(
    new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'x'.repeat(9) + '😀'.slice(0, 1)),
  );
  expect(failure.message).toBe('xxxxxxxxx\ufffd');
});

test('reading an error never throws, whatever it is', async () => {
  server = await serveNotes({});
  client = noteClient({ address: server.address });
  fc.assert(
    fc.property(fc.anything(), fc.uint8Array({ maxLength: 60 }), (thrown, bytes) => {
      expect(rpcErrorOf(thrown).code).toBe(status.UNKNOWN);
      const metadata = new Metadata();
      metadata.set(STATUS_DETAILS_KEY, Buffer.from(bytes));
      const err = Object.assign(new Error('x'), { code: status.ABORTED, details: 'y', metadata });
      expect(rpcErrorOf(err)).toMatchObject({ code: status.ABORTED, message: 'y' });
    }),
  );
});
