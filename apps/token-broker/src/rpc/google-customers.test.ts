import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import type { SetDelegationRequest } from '@autoprov/proto';
import { directoryScopes, waitUntil, type ServiceAccountKey } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const acme = 'customers/acme';
const globex = 'customers/globex';
const [userScope] = directoryScopes;
const aDayMs = 86_400_000;

type Google = Pick<BrokerForTests['directory'], 'run' | 'serviceAccountKey' | 'state'>;

let broker: BrokerForTests;
/** Google's side of each customer. */
let acmesGoogle: Google;
let globexsGoogle: Google;
beforeAll(async () => {
  broker = await startBrokerForTests();
});
afterAll(() => broker.stop());
beforeEach(async () => {
  await broker.pool.query(
    'delete from delegations; delete from audit_refusals; delete from revocations; delete from outbox',
  );
  acmesGoogle = broker.directory.addCustomer();
  globexsGoogle = broker.directory.addCustomer();
});

const setDelegation = (
  customer: string,
  key: ServiceAccountKey,
  changes: Partial<Pick<SetDelegationRequest, 'validateOnly' | 'adminEmail'>> = {},
) =>
  broker.clients.cli.setDelegation(
    {
      customer,
      serviceAccountKeyJson: JSON.stringify(key),
      adminEmail: 'admin@example.com',
      validateOnly: false,
      ...changes,
    },
    soon,
  );
const getToken = (customer: string) =>
  broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: false }, soon);
const getDelegation = async (customer: string) =>
  (await broker.clients.cli.getDelegation({ name: `${customer}/delegation` }, soon)).delegation!;
const check = (customer: string) => broker.clients.cli.checkDelegation({ name: `${customer}/delegation` }, soon);
const refusals = async () =>
  (
    await broker.pool.query(
      `select caller, resource, version, reason, count from audit_refusals order by first_time, reason`,
    )
  ).rows;
const briefChecks = async () =>
  (await broker.takeChecks()).map(
    ({ subject, code, passed, reason }) => `${subject} ${code} ${passed ? 'passed' : reason}`,
  );

test.each<[string, (theirs: ServiceAccountKey) => Partial<ServiceAccountKey>]>([
  ['client id', ({ client_id }) => ({ client_id })],
  ['address', ({ client_email }) => ({ client_email: client_email.toUpperCase() })],
])(
  'a service account with the %s of another customer’s is refused, audited, and nothing is stored',
  async (_, theirs) => {
    const key = acmesGoogle.serviceAccountKey();
    await setDelegation(acme, key);
    const taken = { ...globexsGoogle.serviceAccountKey(), ...theirs(key) };
    for (const validateOnly of [true, false]) {
      const failure = await failureOf(setDelegation(globex, taken, { validateOnly }));
      expect(failure).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'SERVICE_ACCOUNT_TAKEN' });
      expect(JSON.stringify(failure)).not.toContain('acme');
    }
    expect(await failureOf(getDelegation(globex))).toMatchObject({ code: status.NOT_FOUND });
    expect(await refusals()).toEqual([
      { caller: 'cli', resource: globex, version: 0n, reason: 'SERVICE_ACCOUNT_TAKEN', count: 2n },
    ]);
    await broker.clients.cli.deleteDelegation({ name: `${acme}/delegation` }, soon);
    await setDelegation(globex, taken);
  },
);

test('of two customers that take one service account at once, one gets it', async () => {
  const key = acmesGoogle.serviceAccountKey();
  const ended = await Promise.allSettled([acme, globex].map((customer) => setDelegation(customer, key)));
  expect(ended.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('the first token binds the customer to its directory, by one question for all who ask at once', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => getToken(acme)));
  await getToken(acme);
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(acmesGoogle.run({ do: 'counts' })).toMatchObject({ token: 1, usersGet: 1 });
  expect(await getDelegation(acme)).toMatchObject({ googleCustomerId: acmesGoogle.state.customerId });
});

test('a replacement that reads the same directory is confirmed again, before it gives a token', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await getToken(acme);
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  acmesGoogle.run({ do: 'resetCounts' });
  await getToken(acme);
  expect(acmesGoogle.run({ do: 'counts' })).toMatchObject({ token: 1, usersGet: 1 });
});

test('a replacement that reads another directory gives no token, is audited and reported, until one fits again', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await getToken(acme);
  await setDelegation(acme, globexsGoogle.serviceAccountKey());
  const refused = {
    code: status.FAILED_PRECONDITION,
    reason: 'GOOGLE_CUSTOMER_MISMATCH',
    metadata: { code: '17007', google_customer_id: globexsGoogle.state.customerId },
  };
  for (let i = 0; i < 2; i++) expect(await failureOf(getToken(acme))).toMatchObject(refused);
  const { rows } = await broker.pool.query<{ version: bigint }>(`select version from delegations`);
  const row = { caller: 'directory-reader', resource: acme, version: rows[0]!.version };
  expect(await refusals()).toEqual([{ ...row, reason: 'GOOGLE_CUSTOMER_MISMATCH', count: 2n }]);
  expect((await getDelegation(acme)).googleCustomerId).toBe(acmesGoogle.state.customerId);
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await getToken(acme);
  expect(await briefChecks()).toEqual([`${acme} 17007 GOOGLE_CUSTOMER_MISMATCH`, `${acme} 17007 passed`]);
});

test('a directory that is bound to another customer is refused without saying whose it is', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await getToken(acme);
  await setDelegation(globex, globexsGoogle.serviceAccountKey());
  globexsGoogle.run({ do: 'setCustomerId', customerId: acmesGoogle.state.customerId });
  const failure = await failureOf(getToken(globex));
  expect(failure).toMatchObject({ reason: 'GOOGLE_CUSTOMER_TAKEN', metadata: { code: '17007' } });
  expect(JSON.stringify(failure)).not.toContain('acme');
  expect((await getDelegation(globex)).googleCustomerId).toBe('');
  await broker.clients.cli.deleteDelegation({ name: `${acme}/delegation` }, soon);
  await getToken(globex);
  expect((await getDelegation(globex)).googleCustomerId).toBe(acmesGoogle.state.customerId);
});

test('of two customers that read one directory at once, one is bound to it', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await setDelegation(globex, globexsGoogle.serviceAccountKey());
  globexsGoogle.run({ do: 'setCustomerId', customerId: acmesGoogle.state.customerId });
  const ended = await Promise.allSettled([acme, globex].map(getToken));
  expect(ended.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('no token is given while the directory cannot be asked, and the failure is left to the reader', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  acmesGoogle.run({ do: 'failPage', kind: 'usersGet', status: 503, reason: 'backendError' });
  expect(await failureOf(getToken(acme))).toMatchObject({ code: status.UNAVAILABLE, metadata: { code: '50001' } });
  acmesGoogle.run({ do: 'failPage', kind: 'usersGet', status: 403, reason: 'forbidden' });
  expect(await failureOf(getToken(acme))).toMatchObject({ metadata: { code: '17008' } });
  expect(await briefChecks()).toEqual([]);
  await getToken(acme);
});

test('a check binds, and says which directory is read', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  const { customerId: googleCustomerId } = acmesGoogle.state;
  expect(await check(acme)).toMatchObject({
    googleCustomerId,
    code: '',
    scopes: directoryScopes.map(() => ({ granted: true })),
  });
  expect(acmesGoogle.run({ do: 'counts' })).toMatchObject({ token: 3, usersGet: 1 });
  await getToken(acme);
  expect(acmesGoogle.run({ do: 'counts' })).toMatchObject({ token: 4, usersGet: 1 });
});

test('a check without the scope that reads users says nothing of the directory', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  acmesGoogle.run({ do: 'revokeScopes', scopes: [userScope!] });
  expect(await check(acme)).toMatchObject({ googleCustomerId: '', code: '' });
  expect((await getDelegation(acme)).googleCustomerId).toBe('');
});

test('a check that finds another directory is answered, audited and reported, and ends the tokens that were cached', async () => {
  await setDelegation(acme, acmesGoogle.serviceAccountKey());
  await getToken(acme);
  const bound = acmesGoogle.state.customerId;
  acmesGoogle.run({ do: 'setCustomerId', customerId: 'C0other' });
  expect(await check(acme)).toMatchObject({
    googleCustomerId: 'C0other',
    code: '17007',
    reason: 'GOOGLE_CUSTOMER_MISMATCH',
    message: expect.stringContaining(bound),
  });
  expect(await refusals()).toMatchObject([{ caller: 'cli', reason: 'GOOGLE_CUSTOMER_MISMATCH' }]);
  expect(await failureOf(getToken(acme))).toMatchObject({ reason: 'GOOGLE_CUSTOMER_MISMATCH' });
  expect(await briefChecks()).toEqual([`${acme} 17007 GOOGLE_CUSTOMER_MISMATCH`]);
  acmesGoogle.run({ do: 'setCustomerId', customerId: bound });
  expect(await check(acme)).toMatchObject({ code: '' });
  await getToken(acme);
});

test('every bound delegation is checked once within a day, by two requests, and again in an hour when it fails', async () => {
  for (const [customer, google] of [
    [acme, acmesGoogle],
    [globex, globexsGoogle],
  ] as const) {
    await setDelegation(customer, google.serviceAccountKey());
    await getToken(customer);
    google.run({ do: 'resetCounts' });
  }
  await setDelegation('customers/idle', broker.directory.serviceAccountKey());
  broker.directory.run({ do: 'resetCounts' });
  acmesGoogle.run({ do: 'setCustomerId', customerId: 'C0other' });
  await broker.takeChecks();
  await broker.restart({ CLOCK_OFFSET_MS: String(aDayMs) });
  const passed = `select from delegations where next_check_time > now() + interval '1 day 2 hours'`;
  await waitUntil('one to pass', async () => (await broker.pool.query(passed)).rowCount === 1, Date.now() + 30_000);
  await waitUntil('the report', async () => (await refusals()).length === 1, Date.now() + 30_000);
  expect([acmesGoogle, globexsGoogle, broker.directory].map((google) => google.run({ do: 'counts' }))).toMatchObject([
    { token: 1, usersGet: 1 },
    { token: 1, usersGet: 1 },
    { token: 0, usersGet: 0 },
  ]);
  expect(await refusals()).toMatchObject([
    { caller: 'token-broker', resource: acme, reason: 'GOOGLE_CUSTOMER_MISMATCH' },
  ]);
  expect(await failureOf(getToken(acme))).toMatchObject({ reason: 'GOOGLE_CUSTOMER_MISMATCH' });
  await getToken(globex);
  const { rows } = await broker.pool.query<{ hours: number }>(
    `select extract(epoch from next_check_time - now() - interval '1 day')::float / 3600 as hours
     from delegations where customer_id in ('acme', 'globex') order by customer_id`,
  );
  expect(rows[0]!.hours).toBeCloseTo(1, 0);
  expect(rows[1]!.hours).toBeGreaterThan(11.9);
  expect(rows[1]!.hours).toBeLessThan(24);
  await broker.restart({});
});

test('a delegation that is to be withdrawn is not checked daily, so that no failure opens for it, until it is used again', async () => {
  for (const [customer, google] of [
    [acme, acmesGoogle],
    [globex, globexsGoogle],
  ] as const) {
    await setDelegation(customer, google.serviceAccountKey());
    await getToken(customer);
  }
  await broker.takeChecks();
  await broker.clients.config.revokeAppAccess({ app: `${acme}/apps/crm`, lastSetup: true }, soon);
  // Whether it is withdrawn is looked after by itself: not in this test.
  await broker.pool.query(`update revocations set next_attempt_time = '2999-01-01'`);
  acmesGoogle.run({ do: 'revokeScopes', scopes: directoryScopes });
  await broker.restart({ CLOCK_OFFSET_MS: String(aDayMs) });
  const due = `select from delegations where next_check_time < now() + interval '1 day'`;
  await waitUntil('the check', async () => (await broker.pool.query(due)).rowCount === 1, Date.now() + 30_000);
  await broker.restart({ CLOCK_OFFSET_MS: String(aDayMs) });
  expect(await briefChecks()).toEqual([]);
  await broker.pool.query('delete from revocations');
  await broker.restart({ CLOCK_OFFSET_MS: String(aDayMs) });
  await waitUntil(
    'the report',
    async () => (await briefChecks())[0] === `${acme} 17003 DELEGATION_REVOKED`,
    Date.now() + 30_000,
  );
  await broker.restart({});
});
