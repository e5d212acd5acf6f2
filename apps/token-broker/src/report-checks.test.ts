import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createKafka, ensureTopics, readCloudEvent, runConsumer, topics, topicSpecs } from '@autoprov/kafka';
import type { Check } from '@autoprov/proto';
import { createLogger } from '@autoprov/service';
import { directoryScopes, waitUntil } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

const acme = 'customers/acme';
const globex = 'customers/globex';
const app = `${acme}/apps/crm`;

let broker: BrokerForTests;
/** Google's side of each customer. */
let googleOf: Record<string, Pick<BrokerForTests['directory'], 'run' | 'serviceAccountKey'>>;
beforeAll(async () => {
  broker = await startBrokerForTests();
  googleOf = { [acme]: broker.directory, [globex]: broker.directory.addCustomer() };
  broker.installed.add(app);
});
afterAll(() => broker.stop());
beforeEach(async () => {
  for (const customer of [acme, globex]) {
    await setDelegation(customer);
    await getToken(customer);
  }
  await broker.takeChecks();
});

const setDelegation = (customer: string, adminEmail = 'admin@example.com') => {
  const serviceAccountKeyJson = JSON.stringify(googleOf[customer]!.serviceAccountKey());
  return broker.clients.cli.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, soon);
};
const getToken = (customer: string) =>
  broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: true }, soon);
const getHeader = () => broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon);
const setBearer = () =>
  broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: 't' }, validateOnly: false, keepPrevious: false },
    soon,
  );

/** What was published, in short. */
const takeBrief = async () =>
  (await broker.takeChecks()).map(
    ({ subject, code, passed, reason }) => `${subject} ${code} ${passed ? 'passed' : reason}`,
  );
const brokenEndpoint = { do: 'failPage', kind: 'token', status: 400, reason: 'invalid_client' } as const;

test('what works is not published, and what fails is published once, not at each try', async () => {
  await getToken(acme);
  expect(await takeBrief()).toEqual([]);
  await setDelegation(acme, 'nobody@example.com');
  for (let i = 0; i < 3; i++) await failureOf(getToken(acme));
  expect(await takeBrief()).toEqual([`${acme} 17007 ADMIN_NOT_USABLE`]);
});

test('what works again is published once, with a higher seq', async () => {
  await setDelegation(acme, 'nobody@example.com');
  await failureOf(getToken(acme));
  const [failed] = await broker.takeChecks();
  await setDelegation(acme);
  for (let i = 0; i < 3; i++) await getToken(acme);
  const [passed, ...more] = await broker.takeChecks();
  expect(passed).toMatchObject({ source: 'token-broker', subject: acme, code: '17007', passed: true });
  expect(passed!.seq).toBeGreaterThan(failed!.seq);
  expect(more).toEqual([]);
});

test('another refusal of Google ends the one before', async () => {
  broker.directory.run({ do: 'revokeScopes', scopes: directoryScopes });
  await failureOf(getToken(acme));
  broker.directory.run({ do: 'grantScopes', scopes: directoryScopes.slice(1) });
  await failureOf(getToken(acme));
  broker.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  await getToken(acme);
  expect(await takeBrief()).toEqual([
    `${acme} 17003 DELEGATION_REVOKED`,
    `${acme} 17003 passed`,
    `${acme} 17006 SCOPE_MISSING`,
    `${acme} 17006 passed`,
  ]);
});

test('an endpoint that does not answer ends no refusal', async () => {
  await setDelegation(acme, 'nobody@example.com');
  await failureOf(getToken(acme));
  broker.directory.run({ do: 'failPage', kind: 'token', status: 500, reason: 'backendError', times: 4 });
  await failureOf(getToken(acme));
  expect(await takeBrief()).toEqual([
    `${acme} 17007 ADMIN_NOT_USABLE`,
    'installation 17002 TOKEN_ENDPOINT_UNAVAILABLE',
  ]);
});

test('a failure of the installation passes again only when it is over for every customer', async () => {
  for (const customer of [acme, globex]) {
    googleOf[customer]!.run(brokenEndpoint);
    await failureOf(getToken(customer));
  }
  expect(await takeBrief()).toEqual(['installation 17011 TOKEN_NOT_GENERATED']);
  await getToken(globex);
  expect(await takeBrief()).toEqual([]);
  await getToken(acme);
  expect(await takeBrief()).toEqual(['installation 17011 passed']);
});

test('customers that recover at the same moment leave no failure of the installation behind', async () => {
  for (let round = 0; round < 5; round++) {
    for (const customer of [acme, globex]) {
      googleOf[customer]!.run(brokenEndpoint);
      await failureOf(getToken(customer));
    }
    await Promise.all([getToken(acme), getToken(globex)]);
    expect((await takeBrief()).at(-1)).toBe('installation 17011 passed');
  }
});

test('a missing credential is the failure of its app until one is stored', async () => {
  await failureOf(getHeader());
  await setBearer();
  expect(await takeBrief()).toEqual([`${app} 17010 NO_CREDENTIAL`, `${app} 17010 passed`]);
});

test('a credential that does not open is the failure of its app until it is deleted', async () => {
  await setBearer();
  await broker.pool.query(`update credentials set sealed = sealed || '\\x00'::bytea`);
  await failureOf(getHeader());
  await broker.clients.cli.deleteCredential({ name: `${app}/credential` }, soon);
  expect(await takeBrief()).toEqual([`${app} 25016 CREDENTIAL_UNREADABLE`, `${app} 25016 passed`]);
});

test('no address and no secret is in what is published', async () => {
  const description = 'nobody@example.com is no admin, ya29.abcdefghijklmnop';
  broker.directory.run({ do: 'failPage', kind: 'token', status: 400, reason: 'invalid_grant', message: description });
  await failureOf(getToken(acme));
  const [check] = await broker.takeChecks();
  expect(check?.detail).toContain('is no admin');
  expect(check?.detail).not.toMatch(/nobody@|ya29/);
});

test('25002 of an app for which nobody asks any more ends by itself', async () => {
  await setBearer();
  broker.installed.delete(app);
  await failureOf(getHeader());
  expect(await takeBrief()).toEqual([`${app} 25002 APP_NOT_INSTALLED`]);
  await broker.restart({});
  expect(await takeBrief()).toEqual([]);
  await broker.restart({ CLOCK_OFFSET_MS: String(80 * 60_000) });
  await waitUntil('its end', async () => (await takeBrief()).join() === `${app} 25002 passed`, Date.now() + 10_000);
  broker.installed.add(app);
  await broker.restart({});
});

test('checks reach Kafka', async () => {
  const logger = createLogger({ service: 'test' }, { write: () => {} });
  const kafka = createKafka({ ...broker.kafka, clientId: 'test', logger });
  await setDelegation(acme, 'nobody@example.com');
  await failureOf(getToken(acme));
  await ensureTopics(kafka, topicSpecs({ partitions: 1 }));
  const received: Check[] = [];
  const consumer = await runConsumer(kafka, {
    groupId: 'test',
    topics: [topics.checks],
    handle: async ({ records }) => {
      received.push(...records.map(({ value }) => readCloudEvent('check', value!)));
    },
  });
  const isThere = async () => received.some(({ subject, code }) => subject === acme && code === '17007');
  await waitUntil('the check in Kafka', isThere, Date.now() + 30_000);
  await consumer.stop();
});
