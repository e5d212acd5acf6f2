import { afterEach, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { RoleBinding_Role } from '@autoprov/proto';
import type { Authorizer } from './authorize.ts';
import type { RpcClient } from './client.ts';
import { rpcErrorOf } from './rpc-error-of.ts';
import { noteClient, serveNotes, soon } from './test-service.ts';
import type { NoteService } from './test-service.ts';

let server: Awaited<ReturnType<typeof serveNotes>>;
let client: RpcClient<typeof NoteService>;

afterEach(async () => {
  client.close();
  await server.stop();
});

const viewerOfAcme = [
  { name: 'customers/acme/roleBindings/b1', member: '', role: RoleBinding_Role.ROLE_VIEWER, createTime: undefined },
];
const authorizer: Authorizer = { identify: async () => 'ann@acme.example', bindingsOf: async () => viewerOfAcme };

async function start(options: Parameters<typeof serveNotes>[1], handlers: Parameters<typeof serveNotes>[0]) {
  server = await serveNotes(handlers, { authorizer, ...options });
  client = noteClient({ address: server.address, callerName: 'hr-portal' });
}

test('a handler knows the person, and the log knows a hash of the address only', async () => {
  await start(
    { roles: { getNote: { role: 'viewer', customer: 'any' } } },
    { getNote: async (_, { person }) => ({ text: person ?? '' }) },
  );
  const metadata = { authorization: 'Bearer x' };
  expect(await client.getNote({ text: '' }, { ...soon, metadata })).toEqual({ text: 'ann@acme.example' });
  expect(server.logged()).toMatchObject([
    { msg: 'rpc handled', caller: 'hr-portal', person: expect.stringMatching(/^[\da-f]{12}$/) },
  ]);
  expect(server.log.join()).not.toContain('ann@');
});

test('a handler that answers without asking for the role of the customer it found does not get to answer', async () => {
  const answer = { role: 'viewer', customer: 'answer' } as const;
  await start(
    { roles: { getNote: answer, createNote: answer } },
    {
      getNote: async () => ({ text: 'of globex' }),
      createNote: async ({ text }, call) => (call.requireRole('viewer', text), { text: `of ${text}` }),
    },
  );
  const failureOf = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);
  expect(await failureOf(client.getNote({ text: '' }, soon))).toMatchObject({ code: status.INTERNAL });
  expect(await failureOf(client.createNote({ text: 'customers/globex' }, soon))).toMatchObject({
    code: status.PERMISSION_DENIED,
    reason: 'ROLE_MISSING',
  });
  expect(await client.createNote({ text: 'customers/acme' }, soon)).toEqual({ text: 'of customers/acme' });
});

test('a caller without a binding is told which command gives one', async () => {
  await start({ roles: { getNote: 'viewer' }, authorizer: { ...authorizer, bindingsOf: async () => [] } }, {});
  expect(await client.getNote({ text: '' }, soon).then(() => undefined, rpcErrorOf)).toMatchObject({
    reason: 'CALLER_NOT_ALLOWED',
    message: expect.stringContaining('autoprov roles grant workload:hr-portal viewer --customer'),
  });
});
