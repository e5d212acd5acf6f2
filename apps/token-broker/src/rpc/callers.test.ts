import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const customer = 'customers/acme';
const app = `${customer}/apps/crm`;

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
  broker.installed.add(app);
  await broker.clients.cli.setCredential(setBearer('s3cret'), soon);
});
afterAll(() => broker.stop());

const setBearer = (value: string) => ({
  app,
  secret: { $case: 'bearerToken', value } as const,
  keepPrevious: false,
  validateOnly: false,
});
const readHeader = () => broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon);

test('each workload gets what it alone uses, and nobody else does', async () => {
  const { cli, reader, pusher, stranger } = broker.clients;
  const refused = { code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' };
  for (const client of [cli, reader, stranger]) {
    expect(await failureOf(client.getAppAuthorization({ app, forceNew: false }, soon))).toMatchObject(refused);
  }
  for (const client of [cli, pusher, stranger]) {
    expect(await failureOf(client.getDirectoryAccessToken({ customer, forceNew: false }, soon))).toMatchObject(refused);
  }
});

test('a workload that may not store secrets is refused and leaves no half-saved state', async () => {
  const before = await readHeader();
  for (const client of [broker.clients.reader, broker.clients.pusher, broker.clients.stranger]) {
    expect(await failureOf(client.setCredential(setBearer('other'), soon))).toMatchObject({
      reason: 'CALLER_NOT_ALLOWED',
    });
  }
  expect((await readHeader()).headerValue).toBe(before.headerValue);
});

test('a call without a deadline is refused and leaves no half-saved state', async () => {
  const call = broker.clients.cli.setCredential(setBearer('other'), { timeoutMs: Infinity });
  expect(await failureOf(call)).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'DEADLINE_REQUIRED' });
  expect((await readHeader()).headerValue).toBe('Bearer s3cret');
});

test('a caller without a client certificate is refused at the handshake', async () => {
  const socket = connect({
    host: '127.0.0.1',
    port: broker.port,
    ca: readFileSync(broker.caFile),
    ALPNProtocols: ['h2'],
  });
  const [err] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(err.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
});

test('while config does not answer, secrets are still handed out', async () => {
  await broker.config.stop();
  expect((await readHeader()).headerValue).toBe('Bearer s3cret');
});
