import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { plainPeople } from '@autoprov/testing';
import { startReaderNetwork } from '../reader-network.fixture.ts';

const within = { timeoutMs: 10_000 };
const acme = 'customers/acme';
// Nobody reads this customer: there is no mirror before the first activation.
const globex = 'customers/globex';
let network: Awaited<ReturnType<typeof startReaderNetwork>>;

beforeAll(async () => {
  const people = plainPeople({ users: 30, groups: 12, membersPerGroup: 5 });
  people.schemas = [
    {
      schemaId: 's1',
      schemaName: 'Employment',
      displayName: '',
      fields: [{ fieldName: 'badge', displayName: 'Badge', fieldType: 'STRING', multiValued: false }],
    },
  ];
  network = await startReaderNetwork({ people });
  network.config.put(`${acme}/apps/crm`, { groups: ['group001@example.com'] });
  await network.read();
});
afterAll(() => network[Symbol.asyncDispose]());

const client = () => network.client();
const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);
const checkGroups = async (groups: string[]) => (await client().checkGroups({ parent: globex, groups }, within)).checks;

describe('CheckGroups', () => {
  test('answers for each group in the order asked whether Google knows it', async () => {
    const groups = ['group003@example.com', 'gone@example.com', 'GROUP001@example.com'];
    expect(await checkGroups(groups)).toEqual([
      { group: groups[0], found: true, code: '', reason: '' },
      { group: groups[1], found: false, code: '50005', reason: 'GROUP_MISSING' },
      { group: groups[2], found: true, code: '', reason: '' },
    ]);
  });

  test('reads one page of each, and counts it apart from what reads cost', async () => {
    network.directory.run({ do: 'resetCounts' });
    const before = (await network.status(globex)).requestCounts;
    await checkGroups(Array.from({ length: 10 }, (_, i) => `group0${String(i + 1).padStart(2, '0')}@example.com`));
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ membersList: 10 });
    const after = (await network.status(globex)).requestCounts;
    expect(after).toEqual({ ...before, checks: (before['checks'] ?? 0n) + 10n });
  });

  test('says of a group that may not be read why, and goes on with the others', async () => {
    const key = 'group002@example.com';
    network.directory.run({ do: 'failPage', kind: 'membersList', key, status: 403, reason: 'forbidden', times: 2 });
    expect(await checkGroups([key, 'group003@example.com'])).toMatchObject([
      { found: false, code: '17008', reason: 'ADMIN_ROLE_LOST' },
      { found: true },
    ]);
  });

  test('does not confuse an outage with a group that is gone', async () => {
    const key = 'group012@example.com';
    network.directory.run({ do: 'failPage', kind: 'membersList', key, status: 503, reason: 'backendError', times: 99 });
    const { checks } = await client().checkGroups({ parent: globex, groups: [key] }, { timeoutMs: 2_000 });
    expect(checks).toMatchObject([{ found: false, code: '50003', reason: 'DIRECTORY_UNAVAILABLE' }]);
  });

  test('takes 100 at the most', async () => {
    const groups = Array.from({ length: 101 }, (_, i) => `g${i}@example.com`);
    expect(await failure(client().checkGroups({ parent: globex, groups }, within))).toMatchObject({
      fieldViolations: [{ field: 'groups' }],
    });
  });
});

describe('GetUser, fresh', () => {
  const get = (name: string) => client().getUser({ name, fresh: true }, within);

  test('reads a user of a customer without a mirror, by address, custom schemas included', async () => {
    network.directory.run({
      do: 'update',
      user: 'user000004@example.com',
      set: { customSchemas: { Employment: { badge: '7' } } },
    });
    const { user } = await get(`${globex}/users/user000004@example.com`);
    expect(user).toMatchObject({
      primaryEmail: 'user000004@example.com',
      attributes: { customSchemas: { Employment: { badge: '7' } } },
      groups: [],
    });
    expect(user?.name).toMatch(/^customers\/globex\/users\/\d+$/);
  });

  test('is newer than the mirror, leaves it as it is, and has its groups', async () => {
    const name = `${acme}/users/user000005@example.com`;
    network.directory.run({ do: 'update', user: 'user000005@example.com', set: { orgUnitPath: '/Moved' } });
    const mirrored = await client().getUser({ name, fresh: false }, within);
    expect(mirrored.user?.orgUnitPath).not.toBe('/Moved');
    expect((await get(name)).user).toMatchObject({ orgUnitPath: '/Moved', groups: mirrored.user?.groups });
    expect(await client().getUser({ name, fresh: false }, within)).toEqual(mirrored);
  });

  test('of nobody is NOT_FOUND', async () => {
    expect(await failure(get(`${globex}/users/nobody@example.com`))).toMatchObject({
      code: status.NOT_FOUND,
      reason: 'RESOURCE_NOT_FOUND',
    });
  });

  test('that the broker refuses has its code', async () => {
    network.tokenBroker.refuseWith({ reason: 'DELEGATION_REVOKED', code: '17003' });
    expect(await failure(get(`${globex}/users/user000004@example.com`))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: 'DELEGATION_REVOKED',
      metadata: { code: '17003' },
    });
    network.tokenBroker.refuseWith(undefined);
  });
});

describe('ListUsers, fresh', () => {
  const page = { parent: acme, pageSize: 11, pageToken: '', showDeleted: false, fresh: true };
  const emailsOf = (users: { primaryEmail: string }[]) => users.map(({ primaryEmail }) => primaryEmail);

  test('goes page by page through the list as it is at Google, and leaves the mirror as it is', async () => {
    const hired = 'new@example.com';
    network.directory.run({ do: 'hire', primaryEmail: hired, givenName: 'New', familyName: 'Here' });
    const found: string[] = [];
    const sizes: number[] = [];
    for (let pageToken = ''; ;) {
      const answer = await client().listUsers({ ...page, pageToken }, within);
      found.push(...emailsOf(answer.users));
      sizes.push(answer.users.length);
      pageToken = answer.nextPageToken;
      if (!pageToken) break;
    }
    expect([sizes, new Set(found).size, found.includes(hired)]).toEqual([[11, 11, 9], 31, true]);
    const mirrored = await client().listUsers({ ...page, pageSize: 500, fresh: false }, within);
    expect(emailsOf(mirrored.users)).not.toContain(hired);
    network.directory.run({ do: 'delete', user: hired });
  });

  test('has the groups of the mirror, and custom schemas', async () => {
    const { users } = await client().listUsers({ ...page, pageSize: 500 }, within);
    expect(users.find(({ primaryEmail }) => primaryEmail === 'user000003@example.com')?.groups).toEqual([
      'group001@example.com',
    ]);
  });

  test('takes no token of the mirror, and the mirror none of it', async () => {
    const fresh = await client().listUsers(page, within);
    const mirrored = await client().listUsers({ ...page, fresh: false }, within);
    const mixed = [
      { ...page, pageToken: mirrored.nextPageToken },
      { ...page, fresh: false, pageToken: fresh.nextPageToken },
    ];
    for (const request of mixed) {
      expect(request.pageToken).not.toBe('');
      expect(await failure(client().listUsers(request, within))).toMatchObject({
        fieldViolations: [{ field: 'page_token' }],
      });
    }
  });
});

describe('ListCustomSchemas', () => {
  const list = (timeoutMs = 10_000) => client().listCustomSchemas({ parent: globex }, { timeoutMs });
  const words = { reason: 'FETCH_CUSTOM_ATTRIBUTES_FAILED', localizedMessage: "Couldn't fetch custom attributes" };

  test('an outage of Google is UNAVAILABLE with the published words, to be tried again', async () => {
    network.directory.run({ do: 'failPage', kind: 'schemasList', status: 503, reason: 'backendError', times: 99 });
    expect(await failure(list(2_000))).toMatchObject({
      code: status.UNAVAILABLE,
      ...words,
      metadata: { code: '50001' },
      retryAfterMs: expect.any(Number),
    });
  });

  test('a missing schema scope is FAILED_PRECONDITION and cites 17006', async () => {
    network.tokenBroker.refuseWith({ reason: 'SCOPE_MISSING', code: '17006' });
    const found = await failure(list());
    expect(found).toMatchObject({ code: status.FAILED_PRECONDITION, ...words });
    expect(found?.metadata).toEqual({ code: '17006', finer_reason: 'SCOPE_MISSING' });
    network.tokenBroker.refuseWith(undefined);
  });
});
