import { describe, expect, test } from '@jest/globals';
import { DirectoryUser_State } from '@autoprov/proto';
import { findUser, plainPeople } from '@autoprov/testing';
import { foldUsers, hashOf, startReaderNetwork, until } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';
const everybody = { groups: [] };
/** Three pages of users. */
const people = () => plainPeople({ users: 1_200, groups: 3, membersPerGroup: 250 });
const { STATE_ACTIVE, STATE_SUSPENDED, STATE_DELETED } = DirectoryUser_State;
const idOf = (name: string) => name.split('/').at(-1)!;

describe('what is announced', () => {
  test('the first read announces everybody, then that it is complete, and a copy made from it has the same hash', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: ['group001@example.com'] });
    const { users, completed, events } = await network.read();
    expect(users).toHaveLength(1_200);
    expect(completed).toMatchObject([{ groups: ['group001@example.com'], schemas: [], presentCount: 1_200n }]);
    expect(events.at(-1)?.event?.$case).toBe('readCompleted');
    expect(completed[0]?.presentHash).toBe(hashOf(foldUsers(network.records)));
    expect(users.filter((user) => user.groups.includes('group001@example.com'))).toHaveLength(250);
  });

  test('all records of a customer share a partition key, and a key names the person by id', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    expect(new Set(network.records.map((record) => record.partitionKey))).toEqual(new Set(['acme']));
    expect(new Set(network.records.map((record) => record.key)).size).toBe(1_201);
    expect(network.records[1]).toMatchObject({
      topic: 'autoprov.users.v1',
      key: `acme/${[...network.directory.state.users.keys()][0]}`,
      headers: { 'content-type': 'application/x-protobuf' },
    });
  });

  test('a read that finds nothing new publishes nothing', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: ['group001@example.com', 'group002@example.com'] });
    await network.read();
    expect((await network.read()).events).toEqual([]);
    expect((await network.read()).events).toEqual([]);
  });

  test('a renamed person is the same person: one event, under the same id', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    const { id } = network.directory.run({
      do: 'changePrimaryAddress',
      user: 'user000007@example.com',
      to: 'new@example.com',
    });
    const { users, completed } = await network.read();
    expect(users).toMatchObject([{ name: `customers/acme/users/${id}`, primaryEmail: 'new@example.com' }]);
    expect(completed).toHaveLength(1);
  });

  test('a suspension is announced at once, and its end too', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    network.directory.run({ do: 'suspend', user: 'user000007@example.com' });
    expect((await network.read()).users).toMatchObject([{ state: STATE_SUSPENDED }]);
    network.directory.run({ do: 'unsuspend', user: 'user000007@example.com' });
    expect((await network.read()).users).toMatchObject([{ state: STATE_ACTIVE }]);
  });

  test('a custom schema is read once a setup maps it, and not before', async () => {
    const state = people();
    const [user] = state.users.values();
    user!.customSchemas = { Employment: { badge: 'B1' }, Other: { x: 1 } };
    await using network = await startReaderNetwork({ people: state });
    network.config.put(app, everybody);
    expect((await network.read()).users[0]?.attributes).not.toHaveProperty('customSchemas');
    const { lastReadNo } = await network.status();
    network.config.put(app, { attributes: ['primaryEmail', 'customSchemas.Employment.badge'] });
    const { users, completed } = await network.readAfter(lastReadNo);
    expect(users).toMatchObject([{ attributes: { customSchemas: { Employment: { badge: 'B1' } } } }]);
    expect(users[0]?.attributes?.['customSchemas']).not.toHaveProperty('Other');
    expect(completed.at(-1)?.schemas).toEqual(['Employment']);
  });
});

describe('a list that is not complete removes nobody', () => {
  test.each([
    ['a page that fails', { do: 'failPage', page: 2, status: 503, reason: 'backendError', times: 9 }, 0],
    ['a page that is cut short', { do: 'truncatePage', page: 2, times: 9 }, 0],
    ['a 200 without its users key', { do: 'dropUsersKey', page: 2 }, 0],
    ['a page token that repeats', { do: 'repeatPageToken', page: 2, times: 9 }, 0],
    ['a quota that is used up', { do: 'failPage', page: 3, status: 403, reason: 'quotaExceeded', times: 99 }, 4_000],
  ] as const)('%s, in the middle of a read', async (_, fault, retryBudgetMs) => {
    // After a refusal for quota nobody is asked for a second.
    await using network = await startReaderNetwork({ people: people(), retryBudgetMs });
    network.config.put(app, everybody);
    await network.read();
    // On page 1, and so read all the same; and somebody of page 3, whom this read may not come to.
    network.directory.run({ do: 'suspend', user: 'user000002@example.com' });
    network.directory.run({ do: 'delete', user: 'user001190@example.com' });
    network.directory.run(fault);
    const { users, checks } = await network.read();
    expect(users).toMatchObject([{ primaryEmail: 'user000002@example.com', state: STATE_SUSPENDED }]);
    expect((await network.status()).incompleteParts).toMatchObject([{ part: 'users', code: '50001' }]);
    expect(checks).toMatchObject([{ subject: 'customers/acme', code: '50001', passed: false }]);

    network.directory.run({ do: 'clearFaults' });
    const after = await network.read();
    expect(after.users).toMatchObject([{ primaryEmail: 'user001190@example.com', state: STATE_DELETED }]);
    expect(after.checks).toMatchObject([{ subject: 'customers/acme', code: '50001', passed: true }]);
  });

  test('a list that ends early without a word is read again', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    network.directory.run({ do: 'resetCounts' });
    network.directory.run({ do: 'endListEarly', page: 1 });
    expect((await network.read()).events).toEqual([]);
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ usersList: 4, usersGet: 0 });
  });

  test('whoever is missing from a list but found alone stays', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    // The list ends early twice in the same way, and so stands: 200 people are asked for alone.
    network.directory.run({ do: 'endListEarly', page: 2, times: 2 });
    network.directory.run({ do: 'resetCounts' });
    expect((await network.read()).events).toEqual([]);
    expect(network.directory.run({ do: 'counts' }).usersGet).toBe(200);
  });

  test('somebody who cannot be asked for alone is kept', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    const { id } = network.directory.run({ do: 'delete', user: 'user000007@example.com' });
    network.directory.run({ do: 'failPage', kind: 'usersGet', key: id, status: 500, reason: 'backendError', times: 9 });
    const { users } = await network.read();
    expect(users).toEqual([]);
    network.directory.run({ do: 'clearFaults' });
    expect((await network.read()).users).toMatchObject([{ state: STATE_DELETED }]);
  });

  test('until the users have been read whole once, no copy is told that it is complete', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'failPage', page: 3, status: 500, reason: 'backendError', times: 9 });
    network.config.put(app, everybody);
    const first = await network.read();
    expect([first.users.length, first.completed.length]).toEqual([1_000, 0]);
    network.directory.run({ do: 'clearFaults' });
    const second = await network.read();
    expect([second.users.length, second.completed.length]).toEqual([200, 1]);
  });
});

describe('a deleted person', () => {
  test('is asked for alone once, announced as deleted, and keeps the id', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    network.directory.run({ do: 'resetCounts' });
    const { id } = network.directory.run({ do: 'delete', user: 'user000007@example.com' });
    const { users, completed } = await network.read();
    expect(users).toMatchObject([{ name: `customers/acme/users/${id}`, state: STATE_DELETED }]);
    expect(completed).toMatchObject([{ presentCount: 1_199n }]);
    expect(network.directory.run({ do: 'counts' }).usersGet).toBe(1);
    expect((await network.read()).events).toEqual([]);
    expect(network.directory.run({ do: 'counts' }).usersGet).toBe(1);
  });

  test('does not come back while the list lags behind', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    const { id } = network.directory.run({ do: 'delete', user: 'user000007@example.com' });
    await network.read();
    const user = network.directory.state.users.get(id)!;
    const { deletionTime } = user;
    delete user.deletionTime;
    network.directory.run({ do: 'lagBehind' });
    user.deletionTime = deletionTime!;
    expect((await network.read()).events).toEqual([]);
  });

  test('who is restored is the same person again', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, everybody);
    await network.read();
    const { id } = network.directory.run({ do: 'delete', user: 'user000007@example.com' });
    await network.read();
    delete findUser(network.directory.state, id)!.deletionTime;
    network.directory.run({ do: 'update', user: id, set: {} });
    expect((await network.read()).users).toMatchObject([{ name: `customers/acme/users/${id}`, state: STATE_ACTIVE }]);
  });
});

describe('a read that broke off', () => {
  test('loses nothing: what was mirrored and not announced is announced by the next', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'setLatency', latencyMs: 100 });
    network.config.put(app, { groups: ['group001@example.com'] });
    await until(async () => ((await network.status()).running?.usersRead ?? 0n) >= 500n);
    await network.restart();
    network.directory.run({ do: 'setLatency', latencyMs: 0 });
    const { users, completed } = await network.readAfter(0n);
    expect(new Set(users.map((user) => idOf(user.name))).size).toBe(1_200);
    expect(completed).toMatchObject([{ readNo: 1n, presentHash: hashOf(foldUsers(network.records)) }]);
  });
});
