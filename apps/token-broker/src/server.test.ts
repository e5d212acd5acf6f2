import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, rpcErrorOf, status, type RpcClient } from '@autoprov/grpc';
import { connect, migrate } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { TokenBrokerServiceClient, type TokenBrokerServiceService } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates, directoryScopes, startDirectory, type ExampleDirectory } from '@autoprov/testing';
import { readEnv } from './env.ts';
import { migrationsDir, startTokenBroker } from './server.ts';

type Client = RpcClient<typeof TokenBrokerServiceService>;

const dir = mkdtempSync(join(tmpdir(), 'token-broker-'));
const customer = 'customers/acme';
const app = 'customers/acme/apps/crm';
const soon = { timeoutMs: 5_000 };
const logged: string[] = [];
let directory: ExampleDirectory;
let admin: Client;
let reader: Client;
let pusher: Client;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let broker: Awaited<ReturnType<typeof startTokenBroker>>;

beforeAll(async () => {
  const { KAFKA_BROKERS } = process.env;
  if (!KAFKA_BROKERS) throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root');
  directory = await startDirectory();
  database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'token-broker', migrationsDir });
  const certificates = await createCertificates(dir, ['token-broker', 'cli', 'directory-reader', 'scim-pusher']);
  const filesOf = (name: string) => certificates.services[name]!;
  const env = readEnv({
    DATABASE_URL: database.url,
    KAFKA_BROKERS,
    GRPC_ADDRESS: 'localhost:0',
    METRICS_ADDRESS: 'localhost:0',
    TLS_CA_FILE: filesOf('token-broker').caFile,
    TLS_CERT_FILE: filesOf('token-broker').certFile,
    TLS_KEY_FILE: filesOf('token-broker').keyFile,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    GOOGLE_TOKEN_URL: directory.tokenUrl,
  });
  const logger = createLogger({ service: 'token-broker', level: 'debug' }, { write: (line) => void logged.push(line) });
  broker = await startTokenBroker(env, { logger, registry: createRegistry() });
  const clientOf = (name: string) =>
    createClient(TokenBrokerServiceClient, { address: `localhost:${broker.port}`, tls: filesOf(name) });
  [admin, reader, pusher] = [clientOf('cli'), clientOf('directory-reader'), clientOf('scim-pusher')];
}, 60_000);

afterAll(async () => {
  for (const client of [admin, reader, pusher]) client?.close();
  await broker?.stop();
  await directory?.stop();
  await database?.drop();
  rmSync(dir, { recursive: true });
});

const setDelegation = (serviceAccountKeyJson: string, adminEmail = 'admin@example.com') =>
  admin.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, soon);
const refusal = async (call: Promise<unknown>) =>
  rpcErrorOf(
    await call.then(
      () => undefined,
      (err: unknown) => err,
    ),
  );

test('a token for the directory is made once and handed out until it ends', async () => {
  await setDelegation(JSON.stringify(directory.serviceAccountKey()));
  directory.run({ do: 'resetCounts' });
  const first = await reader.getDirectoryAccessToken({ customer, forceNew: false }, soon);
  const again = await Promise.all(
    [1, 2, 3].map(() => reader.getDirectoryAccessToken({ customer, forceNew: false }, soon)),
  );
  expect(again.map(({ accessToken }) => accessToken)).toEqual([1, 2, 3].map(() => first.accessToken));
  const fresh = await reader.getDirectoryAccessToken({ customer, forceNew: true }, soon);
  expect(fresh.accessToken).not.toBe(first.accessToken);
});

test('a replaced service account gives no token of the one before', async () => {
  await setDelegation(JSON.stringify(directory.serviceAccountKey()));
  const before = await reader.getDirectoryAccessToken({ customer, forceNew: false }, soon);
  await setDelegation(JSON.stringify(directory.serviceAccountKey()));
  const after = await reader.getDirectoryAccessToken({ customer, forceNew: false }, soon);
  expect(after.accessToken).not.toBe(before.accessToken);
});

test('a revoked scope is named by a check of each scope, and tokens are refused with 17006', async () => {
  await setDelegation(JSON.stringify(directory.serviceAccountKey()));
  directory.run({ do: 'revokeScopes', scopes: [directoryScopes[1]!] });
  const refused = await refusal(reader.getDirectoryAccessToken({ customer, forceNew: true }, soon));
  expect(refused).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'SCOPE_MISSING',
    metadata: { code: '17006' },
  });
  const { scopes } = await admin.checkDelegation({ name: `${customer}/delegation` }, soon);
  expect(scopes.map(({ granted }) => granted)).toEqual(directoryScopes.map((_, i) => i !== 1));
  directory.run({ do: 'grantScopes', scopes: [...directoryScopes] });
});

test('an admin who does not exist is 17007, a customer without a service account 17003', async () => {
  await setDelegation(JSON.stringify(directory.serviceAccountKey()), 'nobody@example.com');
  const refused = await refusal(reader.getDirectoryAccessToken({ customer, forceNew: true }, soon));
  expect(refused).toMatchObject({ reason: 'ADMIN_NOT_USABLE', metadata: { code: '17007' } });
  const unknown = await refusal(
    reader.getDirectoryAccessToken({ customer: 'customers/nobody', forceNew: false }, soon),
  );
  expect(unknown).toMatchObject({ reason: 'DELEGATION_MISSING', metadata: { code: '17003' } });
});

test('a stored bearer token comes back as the header value, to the pusher only', async () => {
  const secret = { $case: 'bearerToken' as const, value: 'sp-t0ken' };
  const request = { app, secret, expireTime: undefined, validateOnly: false };
  const { credential } = await admin.setCredential(request, soon);
  expect(JSON.stringify(credential, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))).not.toContain(
    'sp-t0ken',
  );
  const { headerValue } = await pusher.getAppAuthorization({ app, forceNew: false }, soon);
  expect(headerValue).toBe('Bearer sp-t0ken');
  for (const call of [
    reader.getAppAuthorization({ app, forceNew: false }, soon),
    pusher.getDirectoryAccessToken({ customer, forceNew: false }, soon),
    reader.setCredential(request, soon),
  ]) {
    expect(await refusal(call)).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
  }
});

test('wrong input is refused by field, and leaves no half-saved state', async () => {
  const other = 'customers/acme/apps/other';
  const secret = { $case: 'bearerToken' as const, value: 'two words\r\nX-Evil: 1' };
  const refused = await refusal(
    admin.setCredential({ app: other, secret, expireTime: undefined, validateOnly: false }, soon),
  );
  expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field: 'bearer_token' }] });
  const missing = await refusal(admin.getCredential({ name: `${other}/credential` }, soon));
  expect(missing.code).toBe(status.NOT_FOUND);
  expect(await refusal(setDelegation('{"type":"service_account"}'))).toMatchObject({
    fieldViolations: [{ field: 'service_account_key_json' }],
  });
});

test('validate_only stores nothing', async () => {
  const other = 'customers/acme/apps/dry';
  const secret = { $case: 'bearerToken' as const, value: 'abc' };
  await admin.setCredential({ app: other, secret, expireTime: undefined, validateOnly: true }, soon);
  expect((await refusal(admin.getCredential({ name: `${other}/credential` }, soon))).code).toBe(status.NOT_FOUND);
});

test('no secret is in the log or in a table', async () => {
  const { private_key: privateKey } = directory.serviceAccountKey();
  const logger = createLogger({ service: 'test', level: 'error' });
  const pool = connect({ url: database.url, schema: 'token_broker', applicationName: 'test', logger });
  const tables = await Promise.all(
    ['delegations', 'credentials', 'audit', 'checks', 'outbox'].map((table) =>
      pool.query<{ row: string }>(`select (${table})::text as row from ${table}`),
    ),
  );
  await pool.end();
  const rows = tables.flatMap(({ rows: found }) => found.map(({ row }) => row)).join('\n');
  for (const text of [logged.join('\n'), rows]) {
    expect(text).not.toMatch(/sp-t0ken|ya29\./);
    expect(text).not.toContain(privateKey.slice(40, 80));
  }
});
