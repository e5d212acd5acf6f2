import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { Credential_State, type SetCredentialRequest } from '@autoprov/proto';
import { waitUntil } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const DAY_MS = 86_400_000;
const customer = 'customers/acme';
const app = `${customer}/apps/crm`;
const name = `${app}/credential`;

let broker: BrokerForTests;
let replica: Awaited<ReturnType<BrokerForTests['startReplica']>>;
beforeAll(async () => {
  broker = await startBrokerForTests();
  replica = await broker.startReplica();
});
afterAll(async () => {
  await replica.stop();
  await broker.stop();
});
beforeEach(async () => {
  broker.installed.add(app);
  await broker.pool.query(`delete from credentials`);
  await setBearer('old');
});

const setBearer = (value: string, changes: Partial<SetCredentialRequest> = {}) =>
  broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value }, keepPrevious: false, validateOnly: false, ...changes },
    soon,
  );
const getHeader = async (forceNew = false) =>
  (await broker.clients.pusher.getAppAuthorization({ app, forceNew }, soon)).headerValue;
/** As the pusher asks after a refusal, but some seconds later than the last time. */
const getOther = async () => {
  await broker.pool.query(`update credentials set refused_time = refused_time - interval '6 seconds'`);
  return getHeader(true);
};
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

test('of two tokens the newest is handed out; refused, it is the other’s turn, and the first one’s again', async () => {
  expect((await setBearer('new', { keepPrevious: true })).credential?.previousKept).toBe(true);
  expect(await getHeader()).toBe('Bearer new');
  expect(await getOther()).toBe('Bearer old');
  expect(await getHeader()).toBe('Bearer old');
  expect(await getOther()).toBe('Bearer new');
  expect(await getHeader()).toBe('Bearer new');
});

test('many who were refused at once switch once, over two replicas', async () => {
  await setBearer('new', { keepPrevious: true });
  expect(await getHeader(true)).toBe('Bearer old');
  const { pusher } = replica.clients;
  const asked = Array.from({ length: 20 }, (_, i) =>
    i % 2 ? getHeader(true) : pusher.getAppAuthorization({ app, forceNew: true }, soon).then((a) => a.headerValue),
  );
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['Bearer old']));
});

test('one token alone is handed out although it was refused', async () => {
  await setBearer('only');
  expect(await getHeader(true)).toBe('Bearer only');
});

test('a token that has ended is not handed out while the other has not', async () => {
  await setBearer('ending', { expireTime: inDays(1) });
  await setBearer('new', { keepPrevious: true });
  await broker.restart({ CLOCK_OFFSET_MS: String(2 * DAY_MS) });
  expect(await getHeader(true)).toBe('Bearer new');
  await broker.restart({});
});

test('another token, not to be kept beside, ends both before it', async () => {
  await setBearer('new', { keepPrevious: true });
  expect((await setBearer('newest')).credential?.previousKept).toBe(false);
  expect([await getHeader(), await getOther()]).toEqual(['Bearer newest', 'Bearer newest']);
});

test('of three tokens the two newest are kept', async () => {
  await setBearer('new', { keepPrevious: true });
  await setBearer('newest', { keepPrevious: true });
  expect([await getHeader(), await getOther()]).toEqual(['Bearer newest', 'Bearer new']);
});

test('only a bearer token is kept beside another', async () => {
  const secret = { $case: 'basic', value: { username: 'a', password: 'b' } } as const;
  expect(await failureOf(setBearer('', { secret, keepPrevious: true }))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field: 'keep_previous' }],
  });
  await setBearer('', { secret });
  expect((await setBearer('new', { keepPrevious: true })).credential?.previousKept).toBe(false);
});

test('two tokens are sealed anew with the first key, like one', async () => {
  await setBearer('new', { keepPrevious: true });
  const [old, young] = [broker.settings.SECRETS_KEY, Buffer.alloc(32, 7).toString('base64')];
  await broker.restart({ SECRETS_KEY: `${young},${old}` });
  const isSealedAnew = async () => broker.logged.some((line) => line.includes('"resealed":2'));
  await waitUntil('both to be sealed anew', isSealedAnew, Date.now() + 30_000);
  await broker.restart({ SECRETS_KEY: young });
  expect([await getHeader(), await getOther()]).toEqual(['Bearer new', 'Bearer old']);
  await broker.restart({});
});

test.each([
  [61, Credential_State.STATE_READY],
  [59, Credential_State.STATE_EXPIRING],
  [-1, Credential_State.STATE_EXPIRED],
  [undefined, Credential_State.STATE_READY],
])('a credential that ends in %s days has state %s', async (days, state) => {
  await setBearer('t', { expireTime: days === undefined ? undefined : inDays(days) });
  expect((await broker.clients.cli.getCredential({ name }, soon)).credential).toMatchObject({ state });
});

test('credentials are listed by pages, soonest end first and no end last, of one customer or all', async () => {
  await broker.pool.query(`delete from credentials`);
  const ends = { 'acme/apps/ab': 30, 'acme/apps/cd': undefined, 'globex/apps/ef': 3, 'globex/apps/gh': 30 };
  for (const [key, days] of Object.entries(ends)) {
    broker.installed.add(`customers/${key}`);
    await setBearer('t', { app: `customers/${key}`, expireTime: days === undefined ? undefined : inDays(days) });
  }
  const listAll = async (parent: string, pageSize: number) => {
    const names: string[] = [];
    let pageToken = '';
    do {
      const page = await broker.clients.cli.listCredentials({ parent, pageSize, pageToken }, soon);
      names.push(...page.credentials.map((one) => one.name.slice('customers/'.length, -'/credential'.length)));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return names;
  };
  for (const pageSize of [1, 2, 0]) {
    expect(await listAll('customers/-', pageSize)).toEqual([
      'globex/apps/ef',
      'acme/apps/ab',
      'globex/apps/gh',
      'acme/apps/cd',
    ]);
  }
  expect(await listAll(customer, 1)).toEqual(['acme/apps/ab', 'acme/apps/cd']);
});

test.each([
  ['a parent that is no customer', { parent: 'acme' }, 'parent'],
  ['a negative size', { pageSize: -1 }, 'page_size'],
  ['a token of another list', { pageToken: Buffer.from('"7"').toString('base64url') }, 'page_token'],
  ['a token that is none', { pageToken: '%' }, 'page_token'],
])('%s is refused by field', async (_, changes, field) => {
  const request = { parent: 'customers/-', pageSize: 0, pageToken: '', ...changes };
  expect(await failureOf(broker.clients.cli.listCredentials(request, soon))).toMatchObject({
    fieldViolations: [{ field }],
  });
});

test('what ends soon is counted without its app, and told in the log once for each threshold', async () => {
  await setBearer('t', { expireTime: inDays(20) });
  await broker.restart({});
  const counts = async () => {
    const lines = (await broker.metrics()).matchAll(/autoprov_credentials_expiring{within_days="(\d+)"} (\d+)/g);
    return Object.fromEntries([...lines].map(([, days, count]) => [days, Number(count)]));
  };
  const isCounted = async () => Object.keys(await counts()).length === 4;
  await waitUntil('the count', isCounted, Date.now() + 30_000);
  expect(await counts()).toEqual({ 60: 1, 30: 1, 7: 0, 1: 0 });
  const line = broker.logged.findLast((one) => one.includes('credential ends soon'));
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', app, withinDays: 30 });
  expect(await broker.metrics()).not.toContain('crm');
});
