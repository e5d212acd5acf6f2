import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { ExtraScope } from '@autoprov/proto';
import { optionalScopes } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const customer = 'customers/acme';
const { EXTRA_SCOPE_GROUP_READONLY: groups, EXTRA_SCOPE_ORGUNIT_READONLY: orgUnits } = ExtraScope;
let broker: BrokerForTests;

beforeAll(async () => {
  broker = await startBrokerForTests();
  const serviceAccountKeyJson = JSON.stringify(broker.directory.serviceAccountKey());
  const delegation = { customer, serviceAccountKeyJson, adminEmail: 'admin@example.com', validateOnly: false };
  await broker.clients.cli.setDelegation(delegation, soon);
});
afterAll(() => broker.stop());

const getToken = (extraScope?: ExtraScope) =>
  broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: false, extraScope }, soon);
const countRequests = () => broker.directory.run({ do: 'counts' }).token;

test('a scope that is not granted is named, and no check of the delegation fails or passes for it', async () => {
  await getToken();
  await broker.takeChecks();
  expect(await failureOf(getToken(orgUnits))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'SCOPE_MISSING',
    metadata: { code: '17006', missing_scopes: optionalScopes.orgUnits },
  });
  expect(await broker.takeChecks()).toEqual([]);
  const { scopes } = await broker.clients.cli.checkDelegation({ name: `${customer}/delegation` }, soon);
  expect(scopes.map(({ granted }) => granted)).toEqual([true, true, true]);
});

test('a granted one gives a token of its own with that scope alone, which is kept apart', async () => {
  broker.directory.run({ do: 'grantScopes', scopes: [optionalScopes.groups] });
  const ordinary = await getToken();
  const first = await getToken(groups);
  const before = countRequests();
  expect((await getToken(groups)).accessToken).toBe(first.accessToken);
  expect((await getToken()).accessToken).toBe(ordinary.accessToken);
  expect([first.accessToken === ordinary.accessToken, countRequests()]).toEqual([false, before]);
  const ask = async (path: string) => {
    const headers = { authorization: `Bearer ${first.accessToken}` };
    return (await fetch(`${broker.directory.url}/admin/directory/v1/${path}?customer=my_customer`, { headers })).status;
  };
  expect([await ask('users'), await ask('groups')]).toEqual([403, 400]);
});

test('nobody but the reader is given one', async () => {
  const call = broker.clients.pusher.getDirectoryAccessToken({ customer, forceNew: false, extraScope: groups }, soon);
  expect(await failureOf(call)).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
});

test('without a service account there is none', async () => {
  const other = { customer: 'customers/globex', forceNew: false, extraScope: groups };
  expect(await failureOf(broker.clients.reader.getDirectoryAccessToken(other, soon))).toMatchObject({
    reason: 'DELEGATION_MISSING',
  });
});
