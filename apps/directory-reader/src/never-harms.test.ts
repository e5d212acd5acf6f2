import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DirectoryUser_State } from '@autoprov/proto';
import { findGroup, plainPeople, type DirectoryCommand, type DirectoryState } from '@autoprov/testing';
import { foldUsers, startReaderNetwork } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';
const groups = ['group001@example.com', 'group002@example.com', 'group003@example.com'];
const USERS = 1_100;

const user = fc.integer({ min: 2, max: USERS }).map((n) => `user${String(n).padStart(6, '0')}@example.com`);
const group = fc.constantFrom(...groups);
const list = fc.constantFrom('usersList', 'membersList');
const target = { kind: list, page: fc.integer({ min: 1, max: 3 }), times: fc.integer({ min: 1, max: 3 }) };

const change: fc.Arbitrary<DirectoryCommand> = fc.oneof(
  fc.record({ do: fc.constant('suspend'), user }),
  fc.record({ do: fc.constant('delete'), user }),
  fc.record({ do: fc.constant('addMember'), group, user }),
  fc.record({ do: fc.constant('removeMember'), group, user }),
  fc.record({ do: fc.constant('addMember'), group, nested: group }),
  fc.record({ do: fc.constant('removeMember'), group, nested: group }),
);
const fault: fc.Arbitrary<DirectoryCommand> = fc.oneof(
  fc.record({ do: fc.constant('failPage'), ...target, status: fc.constant(503), reason: fc.constant('backendError') }),
  fc.record({
    do: fc.constant('failPage'),
    kind: fc.constant('usersGet'),
    status: fc.constant(500),
    reason: fc.constant('x'),
  }),
  fc.record({ do: fc.constant('dropUsersKey'), ...target, times: fc.constant(1) }),
  fc.record({ do: fc.constant('repeatPageToken'), ...target }),
  fc.record({ do: fc.constant('truncatePage'), ...target }),
  // A list of users that ends early is caught by asking for each; a list of members that does so twice cannot be told
  // from a group that shrank.
  fc.record({ do: fc.constant('endListEarly'), kind: list, page: fc.constant(1), times: fc.constant(1) }),
);
const round = fc.record({ changes: fc.array(change, { maxLength: 6 }), faults: fc.array(fault, { maxLength: 3 }) });

/** Who is in a group, nested ones included, by the directory itself. */
function membersOf(state: DirectoryState, key: string, seen = new Set<string>()): Set<string> {
  const found = findGroup(state, key);
  if (!found || seen.has(found.id)) return new Set();
  seen.add(found.id);
  const inside = found.members.map(({ type, id }) => (type === 'USER' ? new Set([id]) : membersOf(state, id, seen)));
  return new Set(inside.flatMap((some) => [...some]));
}

type Copy = ReturnType<typeof foldUsers>;

/** Everything of somebody that a copy says is gone is gone in the directory too. */
function expectNoHarm(state: DirectoryState, before: Copy, copy: Copy): void {
  for (const [id, { state: told }] of copy) {
    if (told === DirectoryUser_State.STATE_DELETED) expect(state.users.get(id)?.deletionTime).toBeDefined();
  }
  for (const name of groups) {
    const members = membersOf(state, name);
    const lost = [...before].filter(([id, old]) => old.groups.includes(name) && !copy.get(id)?.groups.includes(name));
    expect(lost.map(([id]) => id).filter((id) => members.has(id))).toEqual([]);
  }
}

function expectTruth(state: DirectoryState, copy: Copy): void {
  const members = new Map(groups.map((name) => [name, membersOf(state, name)]));
  for (const { id, deletionTime, suspended } of state.users.values()) {
    const told = copy.get(id);
    if (deletionTime) expect(told?.state).toBe(DirectoryUser_State.STATE_DELETED);
    else {
      expect(told?.state).toBe(suspended ? DirectoryUser_State.STATE_SUSPENDED : DirectoryUser_State.STATE_ACTIVE);
      expect(told?.groups).toEqual(groups.filter((name) => members.get(name)?.has(id)));
    }
  }
  expect(copy.size).toBe(state.users.size);
}

test('whatever goes wrong while people come and go: nobody is told gone who is there, and in the end all is told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 4 }), async (rounds) => {
      await using network = await startReaderNetwork({
        people: plainPeople({ users: USERS, groups: 3, membersPerGroup: 250 }),
      });
      const { state } = network.directory;
      network.directory.run({ do: 'addMember', group: groups[0]!, nested: groups[1]! });
      network.config.put(app, { groups });
      await network.read();
      let before = foldUsers(network.records);
      for (const { changes, faults } of rounds) {
        for (const command of changes) runIfPossible(network.directory, command);
        for (const command of faults) network.directory.run(command);
        await network.read();
        const copy = foldUsers(network.records);
        expectNoHarm(state, before, copy);
        before = copy;
      }
      network.directory.run({ do: 'clearFaults' });
      await network.read();
      expectTruth(state, foldUsers(network.records));
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 300_000);

/** Deleting somebody twice, or taking out who is not in, is no change. */
function runIfPossible(directory: { run(command: DirectoryCommand): unknown }, command: DirectoryCommand): void {
  try {
    directory.run(command);
  } catch (err) {
    if (!String(err).includes('no user')) throw err;
  }
}
