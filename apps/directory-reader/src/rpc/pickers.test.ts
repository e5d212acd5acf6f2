import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { optionalScopes, plainPeople } from '@autoprov/testing';
import { startReaderNetwork } from '../reader-network.fixture.ts';

const within = { timeoutMs: 10_000 };
// Nobody reads this customer: whoever makes the first setup has no mirror yet.
const parent = 'customers/globex';
let network: Awaited<ReturnType<typeof startReaderNetwork>>;

beforeAll(async () => {
  network = await startReaderNetwork({ people: plainPeople({ users: 5 }) });
  const { directory } = network;
  directory.run({ do: 'update', user: 'user000002@example.com', set: { orgUnitPath: '/Sales/EMEA' } });
  directory.run({ do: 'addGroup', email: 'crm@example.com', name: 'Sales EMEA', id: 'g1' });
  directory.run({ do: 'addGroup', email: 'sales@example.com', name: 'Everybody who sells', id: 'g2' });
  directory.run({ do: 'addGroup', email: 'tech@example.com', name: "O'Brien's", id: 'g3' });
});
afterAll(() => network[Symbol.asyncDispose]());

const client = () => network.client();
const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);
const search = async (query: string) => {
  const { groups } = await client().searchGroups({ parent, query }, within);
  return groups.map(({ email }) => email);
};
const grant = () => network.directory.run({ do: 'grantScopes', scopes: Object.values(optionalScopes) });

test('without its scope each says which to grant, and that typing works without', async () => {
  const missing = { code: status.FAILED_PRECONDITION, reason: 'SCOPE_MISSING' };
  expect(await failure(client().listOrgUnits({ parent }, within))).toMatchObject({
    ...missing,
    message: expect.stringMatching(/admin\.directory\.orgunit\.readonly .*a path that is typed works without it/),
    metadata: { code: '17006', missing_scopes: optionalScopes.orgUnits },
  });
  expect(await failure(client().searchGroups({ parent, query: 'sales' }, within))).toMatchObject({
    ...missing,
    message: expect.stringMatching(/admin\.directory\.group\.readonly .*that is typed works without it/),
    metadata: { code: '17006', missing_scopes: optionalScopes.groups },
  });
});

test('org units come by path, each with the one it is in', async () => {
  grant();
  expect(await client().listOrgUnits({ parent }, within)).toEqual({
    orgUnits: [
      { path: '/Sales', displayName: 'Sales', parentPath: '/' },
      { path: '/Sales/EMEA', displayName: 'EMEA', parentPath: '/Sales' },
    ],
  });
});

test('groups are found by the beginning of name or address, each once, counted apart from reads', async () => {
  grant();
  expect(await search('sales')).toEqual(['crm@example.com', 'sales@example.com']);
  expect(await search('Sales E')).toEqual(['crm@example.com']);
  expect(await search("O'Br")).toEqual(['tech@example.com']);
  expect(await search('nothing')).toEqual([]);
  expect(Object.keys((await network.status(parent)).requestCounts)).toEqual(['checks']);
});

test('an outage of Google is UNAVAILABLE, to be tried again', async () => {
  grant();
  const down = { status: 503, reason: 'backendError', times: 99 };
  network.directory.run({ do: 'failPage', kind: 'orgUnitsList', ...down });
  expect(await failure(client().listOrgUnits({ parent }, { timeoutMs: 2_000 }))).toMatchObject({
    code: status.UNAVAILABLE,
    retryAfterMs: expect.any(Number),
  });
  network.directory.run({ do: 'clearFaults' });
});

test.each(['', '   ', 'x'.repeat(101), 'a\u0000b'])('a query of %j is refused', async (query) => {
  expect(await failure(client().searchGroups({ parent, query }, within))).toMatchObject({
    fieldViolations: [{ field: 'query' }],
  });
});
