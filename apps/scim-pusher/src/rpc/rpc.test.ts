import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, rpcErrorOf, serve, status, type RunningServer } from '@autoprov/grpc';
import { PushServiceClient } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates, startBetterAuth, type Certificates, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { makeTls } from './answering-server.fixture.ts';
import { pushService } from './index.ts';

const dir = mkdtempSync(join(tmpdir(), 'autoprov-pusher-rpc-'));
const within = { timeoutMs: 20_000 };
let certificates: Certificates;
let sp: ServiceProvider;
let app: TestApp;
let server: RunningServer;
const clients: { close(): void }[] = [];

beforeAll(async () => {
  certificates = await createCertificates(dir, ['scim-pusher', 'config', 'directory-reader']);
  const tls = await makeTls();
  sp = await startBetterAuth({ tls });
  app = await startTestApp(sp, {}, tls.ca);
  server = await serve({
    address: '127.0.0.1:0',
    tls: certificates.services['scim-pusher']!,
    reflection: false,
    services: [pushService(app.ctx)],
    logger: createLogger({ service: 'scim-pusher-test', level: 'error' }),
    registry: createRegistry(),
  });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await server.stop();
  await app.stop();
  await sp.stop();
  rmSync(dir, { recursive: true });
});

function clientOf(workload: string) {
  const client = createClient(PushServiceClient, {
    address: `127.0.0.1:${server.port}`,
    tls: certificates.services[workload]!,
  });
  clients.push(client);
  return client;
}

const asked = () => ({ app: 'customers/acme/apps/crm', endpointUrl: sp.baseUrl, profile: undefined });
const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);

test('config may probe and read the schema; a workload without business there may not', async () => {
  const { schema } = await clientOf('config').getTargetSchema(asked(), within);
  expect(schema).toMatchObject({ discovered: true });
  expect(await clientOf('config').probeEndpoint(asked(), within)).toMatchObject({ isScim: true, isAuthorized: true });
  const refused = await failure(clientOf('directory-reader').probeEndpoint(asked(), within));
  expect(refused).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
});

test('the published failures arrive with their words and, where waiting helps, a time', async () => {
  const client = clientOf('config');
  sp.run({ do: 'fault', effect: 'failBefore', status: 503, path: '/Schemas' });
  expect(await failure(client.getTargetSchema(asked(), within))).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'FETCH_TARGET_ATTRIBUTES_FAILED',
    retryAfterMs: 5e3,
    localizedMessage: "Couldn't fetch attributes from your target Service Provider",
  });
  const elsewhere = { ...asked(), endpointUrl: `${sp.url}/nowhere` };
  expect(await failure(client.getTargetSchema(elsewhere, within))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'FETCH_TARGET_SCHEMA_FAILED',
    localizedMessage: "Couldn't fetch your target resource schema",
  });
  sp.run({ do: 'fault', effect: 'unauthorized', times: 4 });
  expect(await failure(client.getTargetSchema(asked(), within))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'AUTHENTICATION_FAILED',
    localizedMessage: 'Authentication failed',
  });
  expect(await failure(client.probeEndpoint({ ...asked(), endpointUrl: 'https://10.0.0.1' }, within))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'ENDPOINT_INVALID',
    fieldViolations: [{ field: 'endpoint_url' }],
    localizedMessage: 'SCIM Endpoint URL provided is invalid',
  });
});
