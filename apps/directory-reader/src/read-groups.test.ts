import { describe, expect, test } from '@jest/globals';
import type { Check, DirectoryUser } from '@autoprov/proto';
import { plainPeople } from '@autoprov/testing';
import { foldUsers, startReaderNetwork, until } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';
const people = () => plainPeople({ users: 30, groups: 3, membersPerGroup: 5 });
const one = 'group001@example.com';
const two = 'group002@example.com';
const three = 'group003@example.com';

async function startWith(...groups: string[]) {
  const network = await startReaderNetwork({ people: people() });
  network.config.put(app, { groups });
  await network.read();
  return network;
}

const inGroup = (users: Iterable<DirectoryUser>, name: string) =>
  [...users].filter((user) => user.groups.includes(name)).length;

describe('nested groups', () => {
  test('whoever is in a nested group is in the outer one, and only groups of interest are named', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'addMember', group: one, nested: two });
    network.config.put(app, { groups: [one] });
    const { users } = await network.read();
    expect(inGroup(users, one)).toBe(10);
    expect(inGroup(users, two)).toBe(0);
  });

  test('a cycle ends, and each group is read once', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'addMember', group: one, nested: two });
    network.directory.run({ do: 'addMember', group: two, nested: three });
    network.directory.run({ do: 'addMember', group: three, nested: one });
    network.config.put(app, { groups: [one, three] });
    const { users, completed } = await network.readAfter(0n);
    expect([inGroup(users, one), inGroup(users, three)]).toEqual([15, 15]);
    expect(completed).toMatchObject([{ groups: [one, three] }]);
    expect(network.directory.run({ do: 'counts' }).membersList).toBe(3);
  });

  test('a group nested too deep is said to be, and its outer group is not taken for whole', async () => {
    await using network = await startReaderNetwork({ people: people() });
    const chain = [one, ...Array.from({ length: 11 }, (_, i) => `level${i}@example.com`)];
    for (const [i, email] of chain.entries()) {
      if (i === 0) continue;
      network.directory.run({ do: 'addGroup', email });
      network.directory.run({ do: 'addMember', group: email, user: 'user000030@example.com' });
      network.directory.run({ do: 'addMember', group: chain[i - 1]!, nested: email });
    }
    network.config.put(app, { groups: [one] });
    const { completed, users } = await network.read();
    expect(completed).toMatchObject([{ groups: [] }]);
    expect(inGroup(users, one)).toBe(6);
    expect((await network.status()).incompleteParts).toMatchObject([{ part: `groups/${one}`, code: '50003' }]);
  });

  test('a group that holds everybody holds everybody', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'addMember', group: one, everybody: true });
    network.config.put(app, { groups: [one] });
    expect(inGroup((await network.read()).users, one)).toBe(30);
  });
});

describe('who leaves a group', () => {
  test('is believed after a second list, and the others stay', async () => {
    await using network = await startWith(one, two);
    network.directory.run({ do: 'resetCounts' });
    network.directory.run({ do: 'removeMember', group: one, user: 'user000003@example.com' });
    expect((await network.read()).users).toMatchObject([{ primaryEmail: 'user000003@example.com', groups: [] }]);
    expect(network.directory.run({ do: 'counts' }).membersList).toBe(3);
  });

  test('stays while the list is not whole', async () => {
    await using network = await startWith(one);
    network.directory.run({ do: 'removeMember', group: one, user: 'user000003@example.com' });
    network.directory.run({ do: 'addMember', group: one, user: 'user000020@example.com' });
    // The second list, which would confirm it, fails.
    network.directory.run({
      do: 'failPage',
      kind: 'membersList',
      key: one,
      status: 503,
      reason: 'backendError',
      times: 9,
    });
    expect((await network.read()).events).toEqual([]);
    network.directory.run({ do: 'clearFaults' });
    expect(inGroup((await network.read()).users, one)).toBe(1);
  });

  test('stays in the outer group while a group nested in it cannot be read', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'addMember', group: one, nested: two });
    network.config.put(app, { groups: [one] });
    await network.read();
    const [, nested] = [...network.directory.state.groups.keys()];
    network.directory.run({ do: 'removeMember', group: one, user: 'user000003@example.com' });
    network.directory.run({
      do: 'failPage',
      kind: 'membersList',
      key: nested!,
      status: 503,
      reason: 'backendError',
      times: 9,
    });
    expect((await network.read()).users).toEqual([]);
    expect((await network.status()).incompleteParts).toMatchObject([{ part: `groups/${one}`, code: '50003' }]);
    network.directory.run({ do: 'clearFaults' });
    expect((await network.read()).users).toMatchObject([{ primaryEmail: 'user000003@example.com', groups: [] }]);
  });

  test('one answer without its members key empties nothing, two in a row do', async () => {
    await using network = await startWith(one);
    network.directory.run({ do: 'dropUsersKey', kind: 'membersList', key: one });
    expect((await network.read()).events).toEqual([]);
    for (const { id } of [...network.directory.state.groups.values()][0]!.members.slice()) {
      network.directory.run({ do: 'removeMember', group: one, user: id });
    }
    const { users } = await network.read();
    expect([users.length, inGroup(users, one)]).toEqual([5, 0]);
    network.directory.run({ do: 'resetCounts' });
    expect((await network.read()).events).toEqual([]);
    expect(network.directory.run({ do: 'counts' }).membersList).toBe(1);
  });
});

describe('a group that is gone', () => {
  test('keeps its members’ access, is reported for each app that names it, and the other groups go on', async () => {
    await using network = await startWith(one, two);
    network.config.put('customers/acme/apps/wiki', { groups: [two] });
    await until(async () => (await network.client().listGroups(page, timeout)).groups.length === 2);
    network.directory.run({ do: 'deleteGroup', group: one });
    network.directory.run({ do: 'removeMember', group: two, user: 'user000006@example.com' });
    const { users, checks, events } = await network.read();
    expect(users).toMatchObject([{ primaryEmail: 'user000006@example.com' }]);
    expect(checks).toMatchObject([{ subject: app, code: '50005', passed: false, reason: 'GROUP_MISSING' }]);
    expect(events.flatMap(({ event }) => (event?.$case === 'group' ? [event.value.missing] : []))).toEqual([true]);
    expect(inGroup(foldUsers(network.records).values(), one)).toBe(5);
    expect((await network.read()).checks).toEqual([]);

    network.config.put(app, { groups: [two] });
    let news: Check[] = [];
    await until(async () => (news = (await network.read()).checks).length > 0);
    expect(news).toMatchObject([{ subject: app, code: '50005', passed: true }]);
  });

  test('and was never there adds nobody, and is not called covered', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: ['nobody@example.com', one] });
    const { completed, users } = await network.read();
    expect(completed).toMatchObject([{ groups: [one] }]);
    expect(inGroup(users, one)).toBe(5);
  });
});

const page = { parent: 'customers/acme', pageSize: 0, pageToken: '' };
const timeout = { timeoutMs: 5_000 };

describe('what is asked for', () => {
  test('new groups of interest are read by themselves, and nothing else; they are covered when they are whole', async () => {
    await using network = await startWith(one);
    network.directory.run({ do: 'addMember', group: three, nested: one });
    network.directory.run({ do: 'resetCounts' });
    network.config.put(app, { groups: [one, two, three] });
    const { completed, users } = await network.untilCovered(three);
    expect(completed.at(-1)?.groups).toEqual([one, two, three]);
    expect([inGroup(users, two), inGroup(users, three)]).toEqual([5, 10]);
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ usersList: 0, membersList: 2 });
    // And everything is read again as was planned.
    expect((await network.read()).events).toEqual([]);
  });

  test('an app that names only groups that are known costs no request', async () => {
    await using network = await startWith(one, three);
    network.directory.run({ do: 'resetCounts' });
    network.config.put('customers/acme/apps/wiki', { groups: [three, one] });
    // The setups are followed in order: this one comes after that.
    network.config.put('customers/acme/apps/chat', { groups: [two] });
    await network.untilCovered(two);
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ usersList: 0, usersGet: 0, membersList: 1 });
  });

  test('a new group that is gone is told of, keeps nobody else waiting, and says nothing of what a read had found', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put('customers/acme/apps/wiki', { groups: ['gone@example.com'] });
    await network.read();
    network.config.put(app, { groups: [two, 'lost@example.com'] });
    const { checks, completed } = await network.untilCovered(two);
    expect(checks).toMatchObject([{ subject: app, code: '50005', passed: false }]);
    expect(completed.at(-1)?.groups).toEqual([two]);
    expect((await network.status()).incompleteParts.map(({ part }) => part)).toEqual([
      'groups/gone@example.com',
      'groups/lost@example.com',
    ]);
  });

  test('a new group that cannot be read now is read again with everything else', async () => {
    await using network = await startWith(one);
    const { lastReadNo, nextReadTime } = await network.status();
    network.directory.run({ do: 'failPage', kind: 'membersList', key: two, status: 503, reason: 'backendError' });
    network.config.put(app, { groups: [one, two] });
    await until(async () => (await network.status()).incompleteParts.length > 0);
    const after = await network.status();
    expect([after.lastReadNo, after.incompleteParts]).toMatchObject([lastReadNo, [{ code: '50003' }]]);
    expect(after.nextReadTime!.getTime()).toBeLessThan(nextReadTime!.getTime());
    const { completed, checks } = await network.read();
    expect(completed.at(-1)?.groups).toEqual([one, two]);
    expect(checks).toMatchObject([
      { code: '50003', passed: false },
      { code: '50003', passed: true },
    ]);
  });

  test('a group that no setup names any more stays in the events until every copy of the setups is new', async () => {
    await using network = await startWith(one);
    network.config.put(app, { groups: [two] });
    const { completed } = await network.untilCovered(two);
    expect(completed).toMatchObject([{ groups: [one, two] }]);
    const copy = foldUsers(network.records);
    expect([inGroup(copy.values(), one), inGroup(copy.values(), two)]).toEqual([5, 5]);
  });

  test('and is gone from them a while later', async () => {
    await using network = await startWith(one);
    network.config.put(app, { groups: [two] });
    await until(async () => (await network.read()).completed.length > 0);
    await network.restart({ clockOffsetMs: 120_000 });
    const { completed } = await network.read();
    expect(completed.at(-1)?.groups).toEqual([two]);
    const copy = foldUsers(network.records);
    expect([inGroup(copy.values(), one), inGroup(copy.values(), two)]).toEqual([0, 5]);
    network.directory.run({ do: 'resetCounts' });
    expect((await network.read()).events).toEqual([]);
    expect(network.directory.run({ do: 'counts' }).membersList).toBe(1);
  });

  test('a nested group of another organisation is told apart from a lost role', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'addMember', group: one, nested: two });
    const [, nested] = [...network.directory.state.groups.keys()];
    const refusal = { kind: 'membersList', key: nested!, status: 403, reason: 'forbidden', times: 9 } as const;
    network.directory.run({ do: 'failPage', ...refusal });
    network.config.put(app, { groups: [one] });
    const { checks } = await network.readAfter(0n);
    expect(checks).toMatchObject([{ code: '50003', reason: 'NESTED_GROUP_FORBIDDEN' }]);
  });

  test('another organisation’s group that Google does not know keeps nobody from being believed to have left, ever', async () => {
    await using network = await startReaderNetwork({ people: people() });
    const external = { type: 'GROUP' as const, id: '0other', email: 'all@other.example' };
    network.directory.run({ do: 'addMember', group: one, external });
    network.config.put(app, { groups: [one] });
    for (let i = 0; i < 3; i++) await network.read();
    expect((await network.status()).incompleteParts).toEqual([]);
    network.directory.run({ do: 'removeMember', group: one, user: 'user000003@example.com' });
    expect((await network.read()).users).toMatchObject([{ primaryEmail: 'user000003@example.com', groups: [] }]);
  });

  test('two setups that spell a group in two ways cost one read of it', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: [one] });
    network.config.put('customers/acme/apps/wiki', { groups: ['Group001@Example.com'] });
    const { users } = await network.read();
    expect([inGroup(users, one), inGroup(users, 'Group001@Example.com')]).toEqual([5, 5]);
    expect(network.directory.run({ do: 'counts' }).membersList).toBe(Number((await network.status()).lastReadNo));
  });
});
