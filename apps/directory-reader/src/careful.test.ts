import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DirectoryUser_State } from '@autoprov/proto';
import { findUser, plainPeople } from '@autoprov/testing';
import { createCopy } from './copy.fixture.ts';
import { startEngine } from './engine.fixture.ts';

const one = 'group001@example.com';
const two = 'group002@example.com';
const three = 'group003@example.com';
const { STATE_ACTIVE, STATE_DELETED, STATE_ARCHIVED } = DirectoryUser_State;

let engine: Awaited<ReturnType<typeof startEngine>>;
beforeAll(async () => void (engine = await startEngine()));
afterAll(() => engine.stop());

type Asked = (request: { kind: 'users' | 'user' | 'members'; number: number }) => void | Promise<void>;

/** Thirty users on pages of ten, and three groups of five; read once. */
async function startCustomer(groups: string[] = []) {
  const copy = createCopy();
  let onAsked: Asked = () => {};
  let number = 0;
  const customer = await engine.addCustomer({
    people: plainPeople({ users: 30, groups: 3, membersPerGroup: 5 }),
    groups,
    onAnswer: ({ pathname }) => {
      const kind = pathname.endsWith('/members') ? 'members' : pathname.endsWith('/users') ? 'users' : 'user';
      return onAsked({ kind, number: ++number });
    },
  });
  const { directory } = customer;
  directory.run({ do: 'setPageSize', most: 10 });
  async function takeIn(): Promise<string[]> {
    const events = await customer.takeEvents();
    for (const event of events) copy.take(event);
    return events.flatMap(({ event }) => (event?.$case === 'user' ? [event.value.name.split('/').at(-1)!] : []));
  }
  const world = {
    ...customer,
    copy,
    idOf: (address: string) => findUser(directory.state, address)!.id,
    told: (id: string) => copy.users.get(id),
    counts: () => directory.run({ do: 'counts' }),
    status: customer.status,
    takeIn,
    /** Runs during the next read: what it does comes after the answer is worked out, and before it arrives. */
    during: (asked: Asked) => void (onAsked = asked),
    /** Reads, and answers the ids of those who were announced. */
    async readAndTake(): Promise<string[]> {
      number = 0;
      directory.run({ do: 'resetCounts' });
      await customer.read();
      onAsked = () => {};
      return takeIn();
    },
    /** Reads, and dies while the request of that number is answered. */
    async dieAt(fatal: number): Promise<void> {
      const death = new AbortController();
      number = 0;
      directory.run({ do: 'resetCounts' });
      onAsked = (asked) => void (asked.number === fatal && death.abort(new Error('dies')));
      await expect(customer.read(death.signal)).rejects.toThrow();
      onAsked = () => {};
    },
    [Symbol.asyncDispose]: () => customer.stop(),
  };
  await world.readAndTake();
  return world;
}

describe('a list page that was answered before a hurried single read, and is merged after it', () => {
  test('does not bring back somebody who was deleted between', async () => {
    await using world = await startCustomer();
    const id = world.idOf('user000003@example.com');
    world.during(async ({ kind, number }) => {
      if (kind !== 'users' || number !== 1) return;
      world.directory.run({ do: 'delete', user: id });
      await world.hurry(id);
    });
    await world.readAndTake();
    expect(world.told(id)?.state).toBe(STATE_DELETED);
    expect(world.counts().usersGet).toBe(2);
  });

  test('does not bring back the old address of somebody who was renamed between', async () => {
    await using world = await startCustomer();
    const id = world.idOf('user000003@example.com');
    world.during(async ({ kind, number }) => {
      if (kind !== 'users' || number !== 1) return;
      world.directory.run({ do: 'changePrimaryAddress', user: id, to: 'new@example.com' });
      await world.hurry(id);
    });
    expect(await world.readAndTake()).toEqual([id]);
    expect(world.told(id)?.primaryEmail).toBe('new@example.com');
  });

  test('does not take for gone whom it could not show yet', async () => {
    await using world = await startCustomer();
    let id = '';
    world.during(async ({ kind, number }) => {
      if (kind !== 'users' || number !== 3) return;
      id = world.directory.run({
        do: 'hire',
        primaryEmail: 'z@example.com',
        givenName: 'Z',
        familyName: 'Z',
        id: '9',
      }).id;
      await world.hurry(id);
    });
    expect(await world.readAndTake()).toEqual([id]);
    expect(world.told(id)?.state).toBe(STATE_ACTIVE);
    expect((await world.status()).incompleteParts).toEqual([]);
  });
});

describe('a mirror that was restored from a dump of yesterday', () => {
  test('is ahead of what was announced since: copies take what is true now, also where it is what the dump says', async () => {
    await using world = await startCustomer();
    const dump = await world.dump();
    const user = world.idOf('user000005@example.com');
    const before = world.told(user)!.primaryEmail;
    world.directory.run({ do: 'changePrimaryAddress', user, to: 'since@example.com' });
    await world.readAndTake();
    await world.restore(dump, 24);
    world.directory.run({ do: 'changePrimaryAddress', user, to: before });
    world.directory.run({ do: 'update', user, set: { aliases: undefined } });
    await world.readAndTake();
    expect([world.told(user)?.primaryEmail, world.copy.differs()]).toEqual(['since@example.com', true]);
    await world.resend();
    await world.takeIn();
    expect([world.told(user)?.primaryEmail, world.copy.differs()]).toEqual([before, false]);
  });

  test('does not forget who came after the dump and left before the next read', async () => {
    await using world = await startCustomer();
    const dump = await world.dump();
    const { id } = world.directory.run({ do: 'hire', primaryEmail: 'z@example.com', givenName: 'Z', familyName: 'Z' });
    await world.readAndTake();
    expect(world.told(id)?.state).toBe(STATE_ACTIVE);
    await world.restore(dump, 24);
    world.directory.run({ do: 'delete', user: id });
    await world.readAndTake();
    await world.resend();
    await world.readAndTake();
    expect(world.told(id)?.state).toBe(STATE_DELETED);
    expect(await world.readAndTake()).toEqual([]);
    await world.resend();
    await world.takeIn();
    expect(world.copy.differs()).toBe(false);
  });

  test('takes no membership away that was won since, while the group cannot be read', async () => {
    await using world = await startCustomer([one]);
    const dump = await world.dump();
    const user = world.idOf('user000020@example.com');
    world.directory.run({ do: 'addMember', group: one, user });
    await world.readAndTake();
    await world.restore(dump, 24);
    world.directory.run({ do: 'rename', user, familyName: 'Renamed' });
    world.directory.run({ do: 'failPage', kind: 'membersList', status: 503, reason: 'backendError', times: 9 });
    await world.readAndTake();
    // What is told of memberships does not count until the group has been read whole again.
    expect([...world.copy.covered()]).toEqual([]);
    world.directory.run({ do: 'clearFaults' });
    await world.readAndTake();
    expect([...world.copy.covered()]).toEqual([one]);
    expect(world.told(user)?.groups).toEqual([one]);
  });

  test('takes no membership away that was won since, by one list that leaves somebody out without a word', async () => {
    await using world = await startCustomer([two]);
    const dump = await world.dump();
    const user = world.idOf('user000030@example.com');
    for (let n = 16; n <= 30; n++)
      world.directory.run({ do: 'addMember', group: two, user: `user0000${n}@example.com` });
    await world.readAndTake();
    expect(world.told(user)?.groups).toEqual([two]);
    await world.restore(dump, 24);
    world.directory.run({ do: 'endListEarly', kind: 'membersList', page: 1 });
    await world.readAndTake();
    expect([[...world.copy.covered()], world.told(user)?.groups]).toEqual([[two], [two]]);
    // Two pages a list: one of the first list, and two of the second; and one list as ever from the next read on.
    expect(world.counts().membersList).toBe(3);
    await world.readAndTake();
    expect(world.counts().membersList).toBe(2);
  });

  test('announces nothing of what it had not announced yet, unless the next read sees it', async () => {
    await using world = await startCustomer();
    const user = world.idOf('user000003@example.com');
    world.directory.run({ do: 'suspend', user });
    // Merged, and not announced: the dump was made in the middle of a read.
    await world.dieAt(2);
    const dump = await world.dump();
    world.directory.run({ do: 'unsuspend', user });
    await world.readAndTake();
    await world.readAndTake();
    await world.restore(dump, 24);
    world.directory.run({ do: 'failPage', page: 1, status: 503, reason: 'backendError', times: 9 });
    expect(await world.readAndTake()).toEqual([]);
    expect(world.told(user)?.state).toBe(STATE_ACTIVE);
  });
});

test('no group counts as covered before all who are in it have been announced', async () => {
  await using world = await startCustomer();
  const [member] = [...world.directory.state.groups.values()].find(({ email }) => email === two)!.members;
  await world.putSetup({ groups: [two] });
  world.directory.run({ do: 'failPage', page: 1, status: 503, reason: 'backendError' });
  await world.readAndTake();
  expect((await world.status()).incompleteParts).toMatchObject([{ part: 'users' }]);
  expect([[...world.copy.covered()], world.told(member!.id)?.groups]).toEqual([[], []]);
  await world.readAndTake();
  expect([[...world.copy.covered()], world.told(member!.id)?.groups]).toEqual([[two], [two]]);
});

test('20 % who really left in one pass are believed after a second list, each asked for alone', async () => {
  await using world = await startCustomer();
  const leavers = [3, 5, 8, 13, 21, 29].map((n) => world.idOf(`user0000${String(n).padStart(2, '0')}@example.com`));
  for (const user of leavers) world.directory.run({ do: 'delete', user });
  expect((await world.readAndTake()).sort()).toEqual(leavers.sort());
  expect(leavers.map((id) => world.told(id)?.state)).toEqual(leavers.map(() => STATE_DELETED));
  expect(world.counts()).toMatchObject({ usersList: 6, usersGet: 6 });
  expect(await world.readAndTake()).toEqual([]);
  expect(world.counts()).toMatchObject({ usersList: 3, usersGet: 0 });
});

test('an empty group is whole after two lists without members, and holds whoever joins it', async () => {
  await using world = await startCustomer();
  world.directory.run({ do: 'addGroup', email: 'empty@example.com' });
  await world.putSetup({ groups: ['empty@example.com'] });
  await world.readAndTake();
  expect([...world.copy.covered(), world.counts().membersList]).toEqual(['empty@example.com', 2]);
  const user = world.idOf('user000003@example.com');
  world.directory.run({ do: 'addMember', group: 'empty@example.com', user });
  expect(await world.readAndTake()).toEqual([user]);
});

describe('who moves from one nested group to another while they are read', () => {
  test('has been in the outer group all the time', async () => {
    await using world = await startCustomer();
    world.directory.run({ do: 'addMember', group: one, nested: two });
    world.directory.run({ do: 'addMember', group: one, nested: three });
    await world.putSetup({ groups: [one] });
    await world.readAndTake();
    const user = world.idOf('user000007@example.com');
    // The outer group is answered first: with nobody of the nested ones in it.
    world.during(({ kind, number }) => {
      if (kind !== 'members' || number !== 4) return;
      world.directory.run({ do: 'addMember', group: one, user });
      world.directory.run({ do: 'removeMember', group: two, user });
    });
    expect(await world.readAndTake()).toEqual([]);
    expect(world.told(user)?.groups).toEqual([one]);
    expect((await world.status()).incompleteParts).toEqual([]);
    expect(await world.readAndTake()).toEqual([]);
    // Who really leaves is believed in the same read.
    world.directory.run({ do: 'removeMember', group: one, user });
    expect(await world.readAndTake()).toEqual([user]);
  });
});

describe('a read that broke off is gone on with', () => {
  test.each([1, 2, 3])('at page %i of the users, and costs one page more at most', async (page) => {
    await using world = await startCustomer([one]);
    const { readNo } = await world.status();
    await world.dieAt(page);
    await world.readAndTake();
    expect(world.counts()).toMatchObject({ usersList: 3 - (page - 1), usersGet: 0, membersList: 1 });
    expect(await world.status()).toMatchObject({ lastReadNo: readNo + 1n, usersRead: 30n, incompleteParts: [] });
  });

  test('at the page of the group, and no group that was whole is read again', async () => {
    await using world = await startCustomer([one, two]);
    for (let n = 11; n <= 30; n++)
      world.directory.run({ do: 'addMember', group: two, user: `user0000${n}@example.com` });
    await world.readAndTake();
    const pages = world.counts().membersList;
    expect(pages).toBe(4);
    // Both groups are asked for at once: three pages of users, two first pages, and the second of the long one.
    await world.dieAt(6);
    await world.readAndTake();
    expect(world.counts()).toMatchObject({ usersList: 0, membersList: 2 });
    expect((await world.status()).incompleteParts).toEqual([]);
  });

  test('and is whole only with every page: who left before it broke off is found, and one that fails is missed', async () => {
    await using world = await startCustomer();
    const gone = world.idOf('user000028@example.com');
    world.directory.run({ do: 'delete', user: gone });
    await world.dieAt(2);
    world.directory.run({ do: 'failPage', page: 3, status: 503, reason: 'backendError' });
    expect(await world.readAndTake()).toEqual([]);
    expect((await world.status()).incompleteParts).toMatchObject([{ part: 'users', code: '50001' }]);
    expect(await world.readAndTake()).toEqual([gone]);
  });

  test.each([400, 410])('from the beginning where Google takes the page token no more (%i)', async (status) => {
    await using world = await startCustomer();
    await world.dieAt(3);
    world.directory.run({ do: 'failPage', page: 3, status, reason: 'invalid' });
    await world.readAndTake();
    expect(world.counts().usersList).toBe(4);
    expect(await world.status()).toMatchObject({ wholeUserCount: 30, incompleteParts: [] });
  });

  test('not after ten minutes: it begins anew', async () => {
    await using world = await startCustomer();
    const { readNo } = await world.status();
    await world.dieAt(3);
    await world.forget();
    await world.readAndTake();
    expect(world.counts().usersList).toBe(3);
    expect((await world.status()).lastReadNo).toBe(readNo + 2n);
  });

  test('not after ten minutes, and a deletion that it found and did not announce is announced all the same', async () => {
    await using world = await startCustomer([one]);
    const id = world.idOf('user000003@example.com');
    world.directory.run({ do: 'delete', user: id });
    // Three pages, the one who is missing, and the first list of the group.
    await world.dieAt(5);
    expect((await world.mirror()).find((user) => user.id === id)?.state).toBe('deleted');
    await world.forget();
    expect(await world.readAndTake()).toEqual([id]);
    expect(world.told(id)?.state).toBe(STATE_DELETED);
  });

  test('not with other custom schemas: it begins anew', async () => {
    await using world = await startCustomer();
    await world.dieAt(3);
    await world.putSetup({ groups: [], schemas: ['Employment'] });
    await world.readAndTake();
    expect(world.counts().usersList).toBe(3);
    expect((await world.status()).wholeSchemas).toEqual(['Employment']);
  });
});

describe('people are told apart by their immutable id', () => {
  test('who is made anew with the address of somebody who was deleted is somebody else', async () => {
    await using world = await startCustomer([one]);
    const address = 'user000003@example.com';
    const first = world.idOf(address);
    world.directory.run({ do: 'delete', user: first });
    const { id } = world.directory.run({ do: 'hire', primaryEmail: address, givenName: 'Another', familyName: 'One' });
    expect((await world.readAndTake()).sort()).toEqual([first, id].sort());
    expect(world.told(first)).toMatchObject({ state: STATE_DELETED, primaryEmail: address });
    expect(world.told(id)).toMatchObject({ state: STATE_ACTIVE, primaryEmail: address, groups: [] });
  });

  test('who is archived is archived, suspended as well or not, and comes back', async () => {
    await using world = await startCustomer();
    const id = world.idOf('user000003@example.com');
    for (const command of ['archive', 'suspend'] as const) world.directory.run({ do: command, user: id });
    await world.readAndTake();
    expect(world.told(id)?.state).toBe(STATE_ARCHIVED);
    for (const command of ['unarchive', 'unsuspend'] as const) world.directory.run({ do: command, user: id });
    await world.readAndTake();
    expect(world.told(id)?.state).toBe(STATE_ACTIVE);
  });

  test('who is undeleted is the same person, in the groups they are in now', async () => {
    await using world = await startCustomer([one, two]);
    const id = world.idOf('user000003@example.com');
    world.directory.run({ do: 'delete', user: id });
    await world.readAndTake();
    world.directory.run({ do: 'undelete', user: id });
    world.directory.run({ do: 'addMember', group: two, user: id });
    expect(await world.readAndTake()).toEqual([id]);
    expect(world.told(id)).toMatchObject({ state: STATE_ACTIVE, groups: [two] });
  });

  test('a rename that the list does not show yet is not undone by it', async () => {
    await using world = await startCustomer();
    const id = world.idOf('user000003@example.com');
    world.directory.run({ do: 'lagBehind', user: id });
    world.directory.run({ do: 'changePrimaryAddress', user: id, to: 'new@example.com' });
    await world.hurry(id);
    for (let i = 0; i < 2; i++) await world.readAndTake();
    expect(world.told(id)?.primaryEmail).toBe('new@example.com');
  });
});
