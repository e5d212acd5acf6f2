import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rpcErrorOf } from '@autoprov/grpc';
import { DirectoryUser_State, type ReadCompleted } from '@autoprov/proto';
import { plainPeople } from '@autoprov/testing';
import { foldUsers, hashOf, startReaderNetwork, until } from '../reader-network.fixture.ts';

const within = { timeoutMs: 10_000 };
const acme = 'customers/acme';
const page = { parent: acme, pageSize: 0, pageToken: '' };
let network: Awaited<ReturnType<typeof startReaderNetwork>>;

beforeAll(async () => {
  const people = plainPeople({ users: 30, groups: 3, membersPerGroup: 5 });
  people.schemas = [
    {
      schemaId: 's1',
      schemaName: 'Employment',
      displayName: '',
      fields: [{ fieldName: 'badge', displayName: 'Badge', fieldType: 'STRING', multiValued: true }],
    },
  ];
  network = await startReaderNetwork({ people });
  network.config.put(`${acme}/apps/crm`, { groups: ['group001@example.com', 'group002@example.com'] });
  await network.read();
  network.directory.run({ do: 'delete', user: 'user000030@example.com' });
  await network.read();
});
afterAll(() => network[Symbol.asyncDispose]());

const client = () => network.client();
const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);

describe('GetUser', () => {
  test('finds a user by id and by primary address, in any case', async () => {
    const { user } = await client().getUser({ name: `${acme}/users/user000003@example.com`, fresh: false }, within);
    expect(user).toMatchObject({ primaryEmail: 'user000003@example.com', groups: ['group001@example.com'] });
    expect((await client().getUser({ name: user!.name, fresh: false }, within)).user).toEqual(user);
    expect(
      (await client().getUser({ name: `${acme}/users/USER000003@example.com`, fresh: false }, within)).user,
    ).toEqual(user);
  });

  test('answers a deleted user with the last state', async () => {
    const { user } = await client().getUser({ name: `${acme}/users/user000030@example.com`, fresh: false }, within);
    expect(user?.state).toBe(DirectoryUser_State.STATE_DELETED);
  });

  test('knows nobody of another customer', async () => {
    const found = await failure(
      client().getUser({ name: 'customers/globex/users/user000003@example.com', fresh: false }, within),
    );
    expect(found).toMatchObject({ reason: 'RESOURCE_NOT_FOUND' });
  });

  test('says what a name looks like', async () => {
    const found = await failure(client().getUser({ name: 'user000003@example.com', fresh: false }, within));
    expect(found).toMatchObject({ reason: 'INVALID_REQUEST', fieldViolations: [{ field: 'name' }] });
  });
});

describe('BatchGetUsers', () => {
  test('answers those it knows and leaves out the others', async () => {
    const names = ['user000003@example.com', 'nobody@example.com'].map((key) => `${acme}/users/${key}`);
    const { users } = await client().batchGetUsers({ parent: acme, names }, within);
    expect(users.map((user) => user.primaryEmail)).toEqual(['user000003@example.com']);
  });

  test('refuses users of another customer', async () => {
    const names = ['customers/globex/users/user000003@example.com'];
    const found = await failure(client().batchGetUsers({ parent: acme, names }, within));
    expect(found).toMatchObject({ fieldViolations: [{ field: 'names[0]' }] });
  });
});

describe('lists', () => {
  test('of users go page by page through all who exist, and through the deleted when asked for', async () => {
    const emails = async (showDeleted: boolean) => {
      const found: string[] = [];
      for (let pageToken = ''; ;) {
        const answer = await client().listUsers({ ...page, pageSize: 7, pageToken, showDeleted, fresh: false }, within);
        expect(answer.users.length).toBeLessThanOrEqual(7);
        found.push(...answer.users.map((user) => user.primaryEmail));
        pageToken = answer.nextPageToken;
        if (!pageToken) return found;
      }
    };
    expect(new Set(await emails(false)).size).toBe(29);
    expect(new Set(await emails(true)).size).toBe(30);
  });

  test('of groups are those of interest', async () => {
    const first = await client().listGroups({ ...page, pageSize: 1 }, within);
    expect(first.groups).toMatchObject([{ name: `${acme}/groups/group001@example.com`, missing: false }]);
    expect(first.groups[0]?.completeTime).toBeInstanceOf(Date);
    const second = await client().listGroups({ ...page, pageToken: first.nextPageToken }, within);
    expect([second.groups.length, second.nextPageToken]).toEqual([1, '']);
  });

  test('refuse a page token of their own making', async () => {
    const found = await failure(client().listGroups({ ...page, pageToken: '!' }, within));
    expect(found).toMatchObject({ fieldViolations: [{ field: 'page_token' }] });
  });

  test('of custom schemas come from Google, with their fields', async () => {
    const fields = [{ fieldName: 'badge', fieldType: 'STRING', multiValued: true }];
    expect(await client().listCustomSchemas({ parent: acme }, within)).toEqual({
      schemas: [{ schemaName: 'Employment', displayName: 'Employment', fields }],
    });
  });

  test('of custom schemas cite the code when Google refuses', async () => {
    network.directory.run({ do: 'failPage', kind: 'schemasList', status: 403, reason: 'forbidden', times: 2 });
    const found = await failure(client().listCustomSchemas({ parent: acme }, within));
    expect(found).toMatchObject({ reason: 'FETCH_CUSTOM_ATTRIBUTES_FAILED', metadata: { code: '17008' } });
  });
});

describe('reads', () => {
  test('a read that is asked for gets the next number, and its end says so', async () => {
    const { lastReadNo } = await network.status();
    const { readNo } = await client().requestRead({ customer: acme }, within);
    expect(readNo).toBe(lastReadNo + 1n);
    await network.readAfter(lastReadNo);
    expect(await network.status()).toMatchObject({
      lastReadNo: readNo,
      lastCompleteReadNo: readNo,
      incompleteParts: [],
      presentCount: 29n,
    });
  });

  test('that one is asked for, how each part stands, and what is missing since when, is told', async () => {
    const group = 'group002@example.com';
    const parts = async () => {
      const answer = await client().getReadStatus({ customer: acme, showParts: true }, within);
      return Object.fromEntries(answer.parts.map(({ part, ...rest }) => [part, rest]));
    };
    expect((await network.status()).parts).toEqual([]);
    expect(Object.keys(await parts())).toEqual(['users', 'groups/group001@example.com', `groups/${group}`]);
    const { lastReadNo } = await network.status();
    network.directory.run({ do: 'setLatency', latencyMs: 300 });
    const { readNo } = await client().requestRead({ customer: acme }, within);
    expect(await network.status()).toMatchObject({ lastReadNo, requestedReadNo: readNo });
    await until(async () => (await network.status()).running !== undefined);
    expect((await network.status()).running?.estimatedEndTime).toBeInstanceOf(Date);
    await network.readAfter(lastReadNo);
    network.directory.run({ do: 'clearFaults' });
    expect(await network.status()).toMatchObject({ running: undefined, requestedReadNo: 0n });

    const before = await parts();
    network.directory.run({ do: 'deleteGroup', group });
    await network.read();
    const missing = (await parts())[`groups/${group}`];
    expect(missing).toMatchObject({ incomplete: true, code: '50005', missingSince: expect.any(Date) });
    expect(missing?.completeTime).toEqual(before[`groups/${group}`]?.completeTime);
    expect((await parts())['users']).toMatchObject({ incomplete: false, missingSince: undefined });
    await network.read();
    expect((await parts())[`groups/${group}`]?.missingSince).toEqual(missing?.missingSince);
    const { groups } = await client().listGroups(page, within);
    expect(groups[1]).toMatchObject({ missing: true, missingSince: missing?.missingSince });
  });

  test('of a customer that is not read there is no status, and no read', async () => {
    expect(await network.status('customers/globex')).toMatchObject({
      lastReadNo: 0n,
      presentCount: 0n,
      requestCounts: {},
    });
    expect(await failure(client().requestRead({ customer: 'customers/globex' }, within))).toMatchObject({
      reason: 'RESOURCE_NOT_FOUND',
    });
  });
});

test('ResendUsers publishes everybody again as they were, as news, so that an empty copy or a newer one becomes the same', async () => {
  const before = foldUsers(network.records);
  await network.takePublished();
  const from = network.records.length;
  expect(await client().resendUsers({ customer: acme }, within)).toEqual({ userCount: 30n });
  let completed: ReadCompleted | undefined;
  while (!completed) completed = (await network.takePublished()).completed.at(-1);
  const copy = foldUsers(network.records.slice(from));
  const ofLastEvent = { observeTime: expect.any(Date), seq: expect.any(BigInt) };
  for (const [id, user] of before) {
    expect(copy.get(id)).toEqual({ ...user, ...ofLastEvent });
    const isThere = user.state !== DirectoryUser_State.STATE_DELETED;
    if (isThere) expect(copy.get(id)!.seq).toBeGreaterThan(user.seq);
  }
  expect(copy.size).toBe(before.size);
  const last = await network.status();
  expect([...copy.values()].filter(({ state }) => state !== DirectoryUser_State.STATE_DELETED)).toHaveLength(
    Number(last.presentCount),
  );
  expect(hashOf(copy)).toBe(completed.presentHash);
});
