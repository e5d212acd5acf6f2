import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { rpcErrorOf } from './index.ts';
import type { RpcClient, RpcFailure, TlsFiles } from './index.ts';
import { createTestAuthority } from './test-certificates.ts';
import type { TestAuthority } from './test-certificates.ts';
import { noteClient, serveNotes, soon } from './test-service.ts';
import type { NoteService } from './test-service.ts';

let authority: TestAuthority;
let server: Awaited<ReturnType<typeof serveNotes>>;
let serverTls: TlsFiles;
const clients: RpcClient<typeof NoteService>[] = [];

beforeAll(async () => {
  authority = await createTestAuthority();
  serverTls = await authority.issue(['spiffe://autoprov/token-broker']);
  server = await serveNotes(
    { getNote: async (_, { caller }) => ({ text: caller }), createNote: async () => ({ text: 'created' }) },
    { tls: serverTls, allow: { getNote: ['config', 'scim-pusher'], createNote: ['config'], readNotes: [] } },
  );
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server.stop();
});

async function clientWith(tls: TlsFiles | undefined, callerName?: string): Promise<RpcClient<typeof NoteService>> {
  const client = noteClient({ address: server.address, tls, ...(callerName && { callerName }) });
  clients.push(client);
  return client;
}

async function failureOf(call: Promise<unknown>): Promise<RpcFailure> {
  return call.then(() => Promise.reject(new Error('was answered')), rpcErrorOf);
}

test('the caller is the name in the SPIFFE id of its certificate', async () => {
  const client = await clientWith(await authority.issue(['spiffe://autoprov/scim-pusher']));
  expect(await client.getNote({ text: '' }, soon)).toEqual({ text: 'scim-pusher' });
});

test('a caller outside the list of the method is refused, and told so', async () => {
  const client = await clientWith(await authority.issue(['spiffe://autoprov/scim-pusher']));
  expect(await failureOf(client.createNote({ text: '' }, soon))).toEqual({
    code: status.PERMISSION_DENIED,
    reason: 'CALLER_NOT_ALLOWED',
    message: 'scim-pusher may not call /test.v1.NoteService/CreateNote: only config may',
    metadata: { caller: 'scim-pusher', method: '/test.v1.NoteService/CreateNote' },
    fieldViolations: [],
  });
});

test.each([
  ['no SPIFFE id', []],
  ['a SPIFFE id of another domain', ['spiffe://other/config']],
  ['a longer path', ['spiffe://autoprov/config/x']],
  ['two SPIFFE ids', ['spiffe://autoprov/config', 'spiffe://autoprov/cli']],
  ['an id hidden inside another', ['http://x/, URI:spiffe://autoprov/config, DNS:y']],
])('a certificate with %s is nobody', async (_, uris) => {
  const client = await clientWith(await authority.issue(uris));
  expect(await failureOf(client.getNote({ text: '' }, soon))).toMatchObject({
    reason: 'CALLER_NOT_ALLOWED',
    metadata: { caller: '' },
  });
});

test('with TLS, the name that a client gives itself does not count', async () => {
  const client = await clientWith(await authority.issue([]), 'config');
  expect(await failureOf(client.getNote({ text: '' }, soon))).toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
});

test('a client without a certificate does not get past the handshake', async () => {
  const ca = readFileSync(serverTls.caFile);
  const socket = connectTls({
    host: '127.0.0.1',
    servername: 'localhost',
    port: server.port,
    ca,
    ALPNProtocols: ['h2'],
  });
  socket.resume();
  await expect(once(socket, 'end')).rejects.toThrow(/certificate required/);
});

test('a certificate of another authority does not get past the handshake', async () => {
  const foreign = await (await createTestAuthority()).issue(['spiffe://autoprov/config']);
  const client = await clientWith({ ...foreign, caFile: serverTls.caFile });
  expect(await failureOf(client.createNote({ text: '' }, soon))).toMatchObject({ code: status.UNAVAILABLE });
});

test('a server of another authority is not talked to', async () => {
  const client = await clientWith(await (await createTestAuthority()).issue(['spiffe://autoprov/config']));
  expect(await failureOf(client.createNote({ text: '' }, soon))).toMatchObject({ code: status.UNAVAILABLE });
});

test('plaintext is refused', async () => {
  const client = await clientWith(undefined, 'config');
  expect(await failureOf(client.createNote({ text: '' }, soon))).toMatchObject({ code: status.UNAVAILABLE });
});

test('without TLS a server and a client only use loopback', async () => {
  const message = /^refusing to use .* without TLS: set TLS_CA_FILE/;
  await expect(serveNotes({}, { address: '0.0.0.0:0' })).rejects.toThrow(message);
  expect(() => noteClient({ address: '127.0.0.1.example.com:1' })).toThrow(message);
});

test('on plaintext loopback the caller is who it says it is', async () => {
  const plain = await serveNotes({ getNote: async (_, { caller }) => ({ text: caller }) });
  const client = noteClient({ address: plain.address, callerName: 'config' });
  expect(await client.getNote({ text: '' }, soon)).toEqual({ text: 'config' });
  client.close();
  await plain.stop();
});

test('a connection that never shakes hands does not keep the server from stopping', async () => {
  const other = await serveNotes({}, { tls: serverTls, drainMs: 50 });
  const socket = connectTcp(other.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  await other.stop();
  socket.destroy();
});
