import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { Credential_Kind, Credential_State, type SetCredentialRequest } from '@autoprov/proto';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const app = 'customers/acme/apps/crm';
const name = `${app}/credential`;
const bearer = { $case: 'bearerToken', value: 'sp-t0ken' } as const;

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
});
afterAll(() => broker.stop());
beforeEach(async () => {
  broker.installed.add(app);
  await setCredential(bearer);
});

const setCredential = (secret: SetCredentialRequest['secret'], changes: Partial<SetCredentialRequest> = {}) =>
  broker.clients.cli.setCredential({ app, secret, keepPrevious: false, validateOnly: false, ...changes }, soon);
const getHeader = async () => {
  const { headerValue } = await broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon);
  return headerValue;
};

test('a bearer token comes back as the header value', async () => {
  expect(await getHeader()).toBe('Bearer sp-t0ken');
});

test('a user name and password come back as the header value of RFC 7617', async () => {
  await setCredential({ $case: 'basic', value: { username: 'Aladdin', password: 'open sesame' } });
  expect(await getHeader()).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
});

test('tokens of service providers that RFC 6750 does not allow are taken', async () => {
  await setCredential({ $case: 'bearerToken', value: '1|a:b' });
  expect(await getHeader()).toBe('Bearer 1|a:b');
});

test('what is known of a credential is shown, without the secret, and its version grows', async () => {
  const expireTime = new Date('2999-01-01T00:00:00Z');
  const before = (await broker.clients.cli.getCredential({ name }, soon)).credential!;
  const { credential } = await setCredential(bearer, { expireTime });
  expect(credential).toEqual({
    name,
    kind: Credential_Kind.KIND_BEARER,
    version: credential!.version,
    expireTime,
    updateTime: expect.any(Date),
    state: Credential_State.STATE_READY,
    previousKept: false,
    clientId: '',
  });
  expect(credential!.version).toBeGreaterThan(before.version);
  expect((await broker.clients.cli.getCredential({ name }, soon)).credential).toEqual(credential);
});

test('a deleted credential is gone, and one stored after it has a higher version', async () => {
  const before = (await broker.clients.cli.getCredential({ name }, soon)).credential!;
  await broker.clients.cli.deleteCredential({ name }, soon);
  expect(await failureOf(broker.clients.cli.getCredential({ name }, soon))).toMatchObject({ code: status.NOT_FOUND });
  expect(await failureOf(getHeader())).toMatchObject({ reason: 'CREDENTIAL_MISSING', metadata: { code: '17010' } });
  const { credential } = await setCredential(bearer);
  expect(credential!.version).toBeGreaterThan(before.version);
});

test('a sealed secret in the row of another app does not open: 25016', async () => {
  const other = 'customers/acme/apps/hr';
  broker.installed.add(other);
  await setCredential({ $case: 'bearerToken', value: 'of-hr' }, { app: other });
  await broker.pool.query(
    `update credentials set sealed = (select sealed from credentials where app_id = 'hr') where app_id = 'crm'`,
  );
  expect(await failureOf(getHeader())).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'CREDENTIAL_UNREADABLE',
    metadata: { code: '25016' },
  });
});

test('an app that is not installed gets and gives nothing: 25002', async () => {
  broker.installed.delete(app);
  const notInstalled = { code: status.FAILED_PRECONDITION, reason: 'APP_NOT_INSTALLED', metadata: { code: '25002' } };
  expect(await failureOf(getHeader())).toMatchObject(notInstalled);
  expect(await failureOf(setCredential(bearer))).toMatchObject(notInstalled);
});

test.each<[string, SetCredentialRequest['secret'], string]>([
  ['no secret', undefined, 'secret'],
  ['an empty token', { $case: 'bearerToken', value: '' }, 'bearer_token'],
  ['a token that would end the header', { $case: 'bearerToken', value: 'a\r\nX-Evil: 1' }, 'bearer_token'],
  ['a user name with a colon', { $case: 'basic', value: { username: 'a:b', password: 'c' } }, 'basic.username'],
  ['an empty password', { $case: 'basic', value: { username: 'a', password: '' } }, 'basic.password'],
])('%s is refused by field, and leaves no half-saved state', async (_, secret, field) => {
  const before = await broker.clients.cli.getCredential({ name }, soon);
  expect(await failureOf(setCredential(secret))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field }],
  });
  expect(await broker.clients.cli.getCredential({ name }, soon)).toEqual(before);
  expect(await getHeader()).toBe('Bearer sp-t0ken');
});

test('validate_only stores nothing', async () => {
  await setCredential({ $case: 'bearerToken', value: 'other' }, { validateOnly: true });
  expect(await getHeader()).toBe('Bearer sp-t0ken');
});

test('the first issue of each version to each caller is a row for good, the next ones are counted', async () => {
  const { credential } = await setCredential(bearer);
  for (let i = 0; i < 3; i++) await getHeader();
  await setCredential(bearer);
  await getHeader();
  const { rows } = await broker.pool.query(
    `select caller, version, issue_count as count from audit where resource = $1 and version >= $2 order by version`,
    [app, credential!.version],
  );
  expect(rows).toEqual([
    { caller: 'scim-pusher', version: credential!.version, count: 3n },
    { caller: 'scim-pusher', version: credential!.version + 1n, count: 1n },
  ]);
});
