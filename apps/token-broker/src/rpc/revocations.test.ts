import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import { Revocation_Kind } from '@autoprov/proto';
import { directoryScopes, waitUntil, type OAuthProvider } from '@autoprov/testing';
import { failureOf, soon, type BrokerForTests } from '../broker.fixture.ts';
import { authorize, begin, clientOf, isLockAwaited, startOAuthForTests } from '../oauth.fixture.ts';

const customer = 'customers/acme';
const app = `${customer}/apps/crm`;

let stop: () => Promise<void>;
let broker: BrokerForTests;
let provider: OAuthProvider;
beforeAll(async () => {
  ({ broker, provider, stop } = await startOAuthForTests());
  broker.installed.add(app);
});
afterAll(() => stop());
beforeEach(async () => {
  provider.run({ do: 'clearFaults' });
  broker.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  await broker.restart({});
  await broker.pool.query(`truncate revocations`);
});

const revoke = (lastSetup = false, deleteTime?: Date) =>
  broker.clients.config.revokeAppAccess({ app, lastSetup, ...(deleteTime && { deleteTime }) }, soon);
/** When a setup is deleted now, by the database's clock. */
const timeOfDeletion = async () => {
  const { rows } = await broker.pool.query<{ time: Date }>(`select clock_timestamp() as time`);
  // Times have whole milliseconds, and those of the same one count as before.
  await broker.pool.query(`select pg_sleep(0.002)`);
  return rows[0]!.time;
};
const list = async (parent = 'customers/-') =>
  (await broker.clients.cli.listRevocations({ parent, pageSize: 0, pageToken: '' }, soon)).revocations;
const getToken = async () =>
  (await broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon)).headerValue.slice('Bearer '.length);
const setBearer = () =>
  broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: 't' }, keepPrevious: false, validateOnly: false },
    soon,
  );
const setDelegation = async () => {
  const serviceAccountKeyJson = JSON.stringify(broker.directory.serviceAccountKey());
  const adminEmail = 'admin@example.com';
  await broker.clients.cli.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, soon);
};
const getDelegation = () => broker.clients.cli.getDelegation({ name: `${customer}/delegation` }, soon);
const until = (what: string, isSo: () => Promise<boolean>) => waitUntil(what, isSo, Date.now() + 30_000);

test('tokens are revoked at the service provider, and nothing of them stays', async () => {
  await authorize(broker, provider, app);
  const token = await getToken();
  const url = await begin(broker, provider, { app });
  expect(await revoke()).toEqual({ open: [] });
  expect(provider.isAlive(token)).toBe(false);
  expect(await failureOf(getToken())).toMatchObject({ metadata: { code: '17010' } });
  const redirectedUrl = await provider.agree(url);
  expect(await failureOf(broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon))).toMatchObject({
    reason: 'AUTHORIZATION_TOKEN_NOT_GENERATED',
  });
  const { rows } = await broker.pool.query(`select from oauth_tokens union all select from revocations`);
  expect(rows).toEqual([]);
});

test('what the service provider does not revoke is tried again until it does, then it is forgotten', async () => {
  await authorize(broker, provider, app);
  const token = await getToken();
  provider.run({ do: 'fault', path: '/revocation', effect: 'failBefore', times: 2 });
  const { open } = await revoke();
  expect(open).toMatchObject([
    { kind: Revocation_Kind.KIND_APP_TOKEN, app, clientId: '', message: expect.stringContaining('did not revoke') },
  ]);
  expect(await list()).toEqual(open);
  expect(await failureOf(getToken())).toMatchObject({ metadata: { code: '17010' } });
  expect(provider.isAlive(token)).toBe(true);
  await broker.restart({ CLOCK_OFFSET_MS: '120000' });
  await until('the second try', async () => (await list())[0]!.nextAttemptTime! > open[0]!.nextAttemptTime!);
  expect(provider.isAlive(token)).toBe(true);
  await broker.restart({ CLOCK_OFFSET_MS: '600000' });
  await until('the revocation', async () => (await list()).length === 0);
  expect(provider.isAlive(token)).toBe(false);
});

test('a service provider that is silent does not hold up who deletes', async () => {
  await authorize(broker, provider, app);
  provider.run({ do: 'fault', path: '/revocation', effect: 'holdAfter', holdMs: 30_000 });
  const startMs = Date.now();
  expect((await revoke()).open).toMatchObject([{ message: 'it is being tried' }]);
  expect(Date.now() - startMs).toBeLessThan(9_500);
});

test.each(['a bearer token', 'tokens of a service provider that revokes none'])('%s is just erased', async (what) => {
  if (what === 'a bearer token') await setBearer();
  else {
    const client = clientOf(provider, provider.codeClient, { revocationUrl: '' });
    const redirectedUrl = await provider.agree(await begin(broker, provider, { app, client }));
    await broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon);
  }
  expect(await revoke()).toEqual({ open: [] });
  expect(await failureOf(getToken())).toMatchObject({ metadata: { code: '17010' } });
  // Whoever is not sure that it was done does it again.
  expect(await revoke()).toEqual({ open: [] });
});

test('a deleted credential is revoked, too', async () => {
  await authorize(broker, provider, app);
  const token = await getToken();
  await broker.clients.cli.deleteCredential({ name: `${app}/credential` }, soon);
  await until('the revocation', async () => !provider.isAlive(token));
});

test('tokens in whose place another credential comes are revoked, unless it is of the same client or they are refused anyway', async () => {
  await authorize(broker, provider, app);
  const replaced = await getToken();
  await setBearer();
  await until('the revocation', async () => !provider.isAlive(replaced));
  await until('it to be forgotten', async () => (await list()).length === 0);
  await authorize(broker, provider, app);
  const first = await getToken();
  const before = provider.log().length;
  await authorize(broker, provider, app);
  expect(await getToken()).not.toBe(first);
  await broker.pool.query(`update credentials set reauthorize_reason = 'TOKEN_REFRESH_REJECTED'`);
  await setBearer();
  await broker.restart({});
  expect(provider.log().slice(before)).not.toContainEqual(expect.objectContaining({ path: '/token/revocation' }));
  const { rows } = await broker.pool.query(`select from oauth_tokens union all select from revocations`);
  expect(rows).toEqual([]);
});

test('told late of a deletion, it revokes what was stored before, and leaves what was stored for the setup made since', async () => {
  await setDelegation();
  await authorize(broker, provider, app);
  const old = await getToken();
  const begunBefore = await begin(broker, provider, { app });
  const deleteTime = await timeOfDeletion();
  const begunSince = await begin(broker, provider, { app });
  await setBearer();
  expect(await revoke(true, deleteTime)).toEqual({ open: [] });
  expect(await getToken()).toBe('t');
  await until('the revocation', async () => !provider.isAlive(old));
  await getDelegation();
  const complete = async (url: string) => {
    const redirectedUrl = await provider.agree(url);
    return broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon);
  };
  expect(await failureOf(complete(begunBefore))).toMatchObject({ reason: 'AUTHORIZATION_TOKEN_NOT_GENERATED' });
  await complete(begunSince);
});

test('told late of a deletion after which nothing was stored, it revokes everything', async () => {
  await setDelegation();
  await authorize(broker, provider, app);
  const old = await getToken();
  const { open } = await revoke(true, await timeOfDeletion());
  expect(open).toMatchObject([{ kind: Revocation_Kind.KIND_DELEGATION }]);
  expect(provider.isAlive(old)).toBe(false);
  expect(await failureOf(getToken())).toMatchObject({ metadata: { code: '17010' } });
});

test('a delegation that was stored since, and what fails for a newer credential, stay as they are', async () => {
  const deleteTime = await timeOfDeletion();
  await setDelegation();
  expect(await revoke(true, deleteTime)).toEqual({ open: [] });
  await setBearer();
  await broker.pool.query(`update credentials set sealed = '\\x00'`);
  await failureOf(getToken());
  await broker.takeChecks();
  await revoke(false, deleteTime);
  expect(await broker.takeChecks()).toEqual([]);
});

test('a credential that is stored while the delegation is being opened for revocation closes it', async () => {
  await setDelegation();
  await setBearer();
  await broker.clients.cli.deleteCredential({ name: `${app}/credential` }, soon);
  const deleteTime = await timeOfDeletion();
  const [storing, revoking] = await inTransaction(broker.pool, async (tx) => {
    await tx.query(`select from delegations for update`);
    const first = setBearer();
    await until('the storing to wait', () => isLockAwaited(broker));
    return [first, revoke(true, deleteTime)];
  });
  await Promise.all([storing, revoking]);
  expect(await list()).toEqual([]);
});

test('with the last setup the delegation is open, with its client id, until Google refuses it; then it is erased', async () => {
  await setDelegation();
  const { clientId } = (await getDelegation()).delegation!;
  const { open } = await revoke(true);
  expect(open).toMatchObject([{ kind: Revocation_Kind.KIND_DELEGATION, app, clientId }]);
  expect(open[0]!.message).toContain("couldn't revoke API client access");
  expect(open[0]!.message).toContain('https://admin.google.com/ac/owl/domainwidedelegation');
  expect(open[0]!.message).toContain(clientId);
  await broker.restart({ CLOCK_OFFSET_MS: String(25 * 3_600_000) });
  await until('the daily try', async () => (await list())[0]!.nextAttemptTime! > open[0]!.nextAttemptTime!);
  await getDelegation();
  broker.directory.run({ do: 'revokeScopes', scopes: directoryScopes });
  await broker.restart({ CLOCK_OFFSET_MS: String(51 * 3_600_000) });
  await until('it to be closed', async () => (await list()).length === 0);
  expect(await failureOf(getDelegation())).toMatchObject({ code: status.NOT_FOUND });
});

test('a delegation that Google does not let be checked stays', async () => {
  await setDelegation();
  broker.directory.run({ do: 'failPage', kind: 'token', status: 500, reason: 'backendError', times: 4 });
  expect((await revoke(true)).open).toHaveLength(1);
  await getDelegation();
});

test.each(['a bearer token', 'an authorization'])(
  '%s for an app of the customer closes the delegation',
  async (how) => {
    await setDelegation();
    expect((await revoke(true)).open).toHaveLength(1);
    if (how === 'a bearer token') await setBearer();
    else await authorize(broker, provider, app);
    expect(await list()).toEqual([]);
    await getDelegation();
  },
);

test('with other setups left the delegation is not touched', async () => {
  await setDelegation();
  await setBearer();
  expect(await revoke()).toEqual({ open: [] });
  await getDelegation();
});

test('what is open is listed by pages, oldest first, of one customer or all', async () => {
  for (const customerId of ['acme', 'acme', 'globex']) {
    await broker.pool.query(
      `insert into revocations (customer_id, app_id, kind, version, create_time, next_attempt_time)
       values ($1, 'crm', 'app_token', 1, now(), '2999-01-01')`,
      [customerId],
    );
  }
  const seen: string[] = [];
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await broker.clients.cli.listRevocations({ parent: 'customers/-', pageSize: 2, pageToken }, soon);
    seen.push(...page.revocations.map(({ name }) => name));
    pageToken = page.nextPageToken;
  }
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(3);
  expect(await list('customers/globex')).toMatchObject([{ name: seen[2] }]);
});
