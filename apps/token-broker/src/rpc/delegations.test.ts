import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { directoryScopes } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const customer = 'customers/acme';
const name = `${customer}/delegation`;

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
});
afterAll(() => broker.stop());
beforeEach(() => setDelegation());
afterEach(() => {
  broker.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  broker.directory.run({ do: 'clearFaults' });
});

const setDelegation = (changes: { serviceAccountKeyJson?: string; adminEmail?: string; validateOnly?: boolean } = {}) =>
  broker.clients.cli.setDelegation(
    {
      customer,
      serviceAccountKeyJson: JSON.stringify(broker.directory.serviceAccountKey()),
      adminEmail: 'admin@example.com',
      validateOnly: false,
      ...changes,
    },
    soon,
  );
const getToken = (forceNew = false) => broker.clients.reader.getDirectoryAccessToken({ customer, forceNew }, soon);
const countRequests = () => broker.directory.run({ do: 'counts' }).token;

test('what is known of a delegation is shown, without its key', async () => {
  const { client_email: serviceAccountEmail, client_id: clientId } = broker.directory.serviceAccountKey();
  const { delegation } = await broker.clients.cli.getDelegation({ name }, soon);
  expect(delegation).toEqual({
    name,
    serviceAccountEmail,
    clientId,
    adminEmail: 'admin@example.com',
    updateTime: expect.any(Date),
    googleCustomerId: '',
    keyless: false,
  });
  await getToken();
  expect((await broker.clients.cli.getDelegation({ name }, soon)).delegation).toMatchObject({
    googleCustomerId: broker.directory.state.customerId,
    checkTime: expect.any(Date),
  });
});

test('a token is made once, however many ask for it, and handed out again while it lasts', async () => {
  broker.directory.run({ do: 'resetCounts' });
  const tokens = await Promise.all([1, 2, 3, 4].map(() => getToken()));
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(countRequests()).toBe(1);
  const lastsMs = tokens[0]!.expireTime!.getTime() - Date.now();
  expect(lastsMs).toBeGreaterThan(3_200_000);
  expect(lastsMs).toBeLessThan(3_300_000);
});

test('a token that was refused is replaced when that is asked for', async () => {
  const first = await getToken();
  expect((await getToken(true)).accessToken).not.toBe(first.accessToken);
});

test('a replaced service account gives no token of the one before, also after a deletion', async () => {
  const first = await getToken();
  await setDelegation();
  const second = await getToken();
  await broker.clients.cli.deleteDelegation({ name }, soon);
  await setDelegation();
  const third = await getToken();
  expect(new Set([first, second, third].map(({ accessToken }) => accessToken)).size).toBe(3);
});

test('a delegation that is revoked is 17003', async () => {
  broker.directory.run({ do: 'revokeScopes', scopes: directoryScopes });
  expect(await failureOf(getToken(true))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'DELEGATION_REVOKED',
    metadata: { code: '17003' },
  });
});

test('a scope that is missing is 17006, and named', async () => {
  const missing = directoryScopes[1]!;
  broker.directory.run({ do: 'revokeScopes', scopes: [missing] });
  expect(await failureOf(getToken(true))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'SCOPE_MISSING',
    metadata: { code: '17006', missing_scopes: missing },
  });
  const { scopes } = await broker.clients.cli.checkDelegation({ name }, soon);
  expect(scopes).toEqual(
    directoryScopes.map((scope) =>
      scope === missing
        ? { scope, granted: false, code: '17006', reason: 'SCOPE_MISSING' }
        : { scope, granted: true, code: '', reason: '' },
    ),
  );
});

test('an admin who does not exist is 17007', async () => {
  await setDelegation({ adminEmail: 'nobody@example.com' });
  expect(await failureOf(getToken())).toMatchObject({ reason: 'ADMIN_NOT_USABLE', metadata: { code: '17007' } });
});

test('a customer without a service account is 17003', async () => {
  await broker.clients.cli.deleteDelegation({ name }, soon);
  expect(await failureOf(getToken())).toMatchObject({ reason: 'DELEGATION_MISSING', metadata: { code: '17003' } });
});

test('a token endpoint that fails once is tried again; one that keeps failing is 17002, to be tried later', async () => {
  broker.directory.run({ do: 'failPage', kind: 'token', status: 503, reason: 'backendError' });
  await getToken(true);
  broker.directory.run({ do: 'failPage', kind: 'token', status: 503, reason: 'backendError', times: 10 });
  expect(await failureOf(getToken(true))).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'TOKEN_ENDPOINT_UNAVAILABLE',
    metadata: { code: '17002' },
    retryAfterMs: expect.any(Number),
  });
});

test('everything wrong with a delegation is told at once, without its key, and leaves no half-saved state', async () => {
  const before = await broker.clients.cli.getDelegation({ name }, soon);
  const key = { ...broker.directory.serviceAccountKey(), private_key: 'k3y-that-is-none' };
  const failure = await failureOf(setDelegation({ serviceAccountKeyJson: JSON.stringify(key), adminEmail: 'admin' }));
  expect(failure).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field: 'service_account_key_json' }, { field: 'admin_email' }],
  });
  expect(JSON.stringify(failure)).not.toContain('k3y');
  expect(await broker.clients.cli.getDelegation({ name }, soon)).toEqual(before);
});

test('validate_only stores nothing', async () => {
  const before = await broker.clients.cli.getDelegation({ name }, soon);
  await setDelegation({ adminEmail: 'other@example.com', validateOnly: true });
  expect(await broker.clients.cli.getDelegation({ name }, soon)).toEqual(before);
});
