import fc from 'fast-check';
import { directoryScopes, findGroup, type DirectoryCommand, type DirectoryState } from '@autoprov/testing';

/** The groups that a setup names; the last one is only nested in others. */
export const groupsOfInterest = [1, 2, 3, 4].map((n) => `group00${n}@example.com`);
const everyGroup = [...groupsOfInterest, 'group005@example.com'];

/** Something that happens to people or groups; it finds them in the directory as it is by then. */
export type Change = { kind: ChangeKind; who: number; where: number; other: number };
type Chosen = { id: string; address: string; group: string; other: string; n: number; state: DirectoryState };

const changes = {
  hire: ({ n, group }) => [
    { do: 'hire', primaryEmail: `new${n}@example.com`, givenName: 'New', familyName: `Hire${n}`, groups: [group] },
  ],
  leave: ({ id }) => [{ do: 'delete', user: id }],
  comeBack: ({ state, n }) => {
    const gone = [...state.users.values()].filter((user) => user.deletionTime);
    return gone.length === 0 ? [] : [{ do: 'undelete', user: gone[n % gone.length]!.id }];
  },
  recreate: ({ id, address }) => [
    { do: 'delete', user: id },
    { do: 'hire', primaryEmail: address, givenName: 'Another', familyName: 'Person' },
  ],
  rename: ({ id, n }) => [{ do: 'rename', user: id, familyName: `Named${n}` }],
  readdress: ({ id, n }) => [{ do: 'changePrimaryAddress', user: id, to: `moved${n}@example.com` }],
  // The list shows the old address, and users.get the new one.
  readdressHalfway: ({ id, n }) => [
    { do: 'lagBehind', user: id },
    { do: 'changePrimaryAddress', user: id, to: `moved${n}@example.com` },
  ],
  suspend: ({ id }) => [{ do: 'suspend', user: id }],
  unsuspend: ({ id }) => [{ do: 'unsuspend', user: id }],
  archive: ({ id }) => [{ do: 'archive', user: id }],
  unarchive: ({ id }) => [{ do: 'unarchive', user: id }],
  join: ({ id, group }) => [{ do: 'addMember', group, user: id }],
  quit: ({ id, group }) => [{ do: 'removeMember', group, user: id }],
  move: ({ state, n, group, other }) => {
    const inside = (findGroup(state, other)?.members ?? []).filter(
      ({ type, id }) => type === 'USER' && state.users.has(id),
    );
    if (inside.length === 0 || group === other) return [];
    const { id } = inside[n % inside.length]!;
    return [
      { do: 'addMember', group, user: id },
      { do: 'removeMember', group: other, user: id },
    ];
  },
  nest: ({ group, other }) => [{ do: 'addMember', group, nested: other }],
  unnest: ({ group, other }) => [{ do: 'removeMember', group, nested: other }],
  holdEverybody: ({ group }) => [{ do: 'addMember', group, everybody: true }],
  releaseEverybody: ({ group }) => [{ do: 'removeMember', group, everybody: true }],
  addOutsider: ({ group, n }) => [
    { do: 'addMember', group, external: { type: outsiders[n % 3]!, id: `9${n}`, email: `o${n}@other.example` } },
  ],
  empty: ({ state, group }) =>
    (findGroup(state, group)?.members ?? []).flatMap(({ type, id }): DirectoryCommand[] => {
      if (type === 'CUSTOMER') return [{ do: 'removeMember', group, everybody: true }];
      return [{ do: 'removeMember', group, external: { type, id, email: '' } }];
    }),
  dissolve: ({ group }) => [{ do: 'deleteGroup', group }],
  found: ({ group, id }) => [
    { do: 'addGroup', email: group },
    { do: 'addMember', group, user: id },
  ],
} satisfies Record<string, (chosen: Chosen) => DirectoryCommand[]>;

type ChangeKind = keyof typeof changes;
const outsiders = ['USER', 'EXTERNAL', 'GROUP'] as const;

/** Carries it out, as far as it is possible: nobody leaves twice. Answers the id of the person it was about. */
export function carryOut(
  directory: { state: DirectoryState; run(command: DirectoryCommand): unknown },
  { kind, who, where, other }: Change,
): string | undefined {
  const { state } = directory;
  // The first is the admin on whose behalf the directory is read.
  const people = [...state.users.values()].slice(1).filter((user) => !user.deletionTime);
  const person = people[who % people.length];
  if (!person) return undefined;
  const group = everyGroup[where % everyGroup.length]!;
  const chosen = { id: person.id, address: person.primaryEmail, group, other: everyGroup[other % everyGroup.length]! };
  if (kind === 'found' && findGroup(state, group)) return undefined;
  try {
    for (const command of changes[kind]({ ...chosen, n: who, state })) directory.run(command);
  } catch (err) {
    if (!/no (deleted )?user|no group|is taken/.test(String(err))) throw err;
  }
  return person.id;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...(Object.keys(changes) as ChangeKind[])),
  who: fc.nat(999),
  where: fc.nat(4),
  other: fc.nat(4),
});

/** Somebody moves about when groups are being read, most of the time. */
const move = fc.record({ kind: fc.constant('move' as const), who: fc.nat(999), where: fc.nat(4), other: fc.nat(4) });
const meanwhile = fc.oneof(
  fc.record({ atRequest: fc.integer({ min: 1, max: 25 }), change, hurry: fc.boolean() }),
  fc.record({ atRequest: fc.integer({ min: 6, max: 14 }), change: move }),
);

const page = fc.integer({ min: 1, max: 5 });
const times = fc.integer({ min: 1, max: 3 });
const list = fc.constantFrom('usersList', 'membersList');
const kind = fc.constantFrom('usersList', 'usersGet', 'membersList');
const refusals = [
  [429, 'rateLimitExceeded'],
  [429, 'RATE_LIMIT_EXCEEDED'],
  [403, 'rateLimitExceeded'],
  [403, 'userRateLimitExceeded'],
  [403, 'quotaExceeded'],
  [403, 'dailyLimitExceeded'],
  [403, 'RATE_LIMIT_EXCEEDED'],
  [403, 'forbidden'],
  [403, 'insufficientPermissions'],
  [401, 'authError'],
  [400, 'invalid'],
  [410, 'gone'],
  [500, 'backendError'],
  [503, 'backendError'],
] as const;

/** A fault that an answer shows, or that the reader can find out whatever it spoils. */
const openFault: fc.Arbitrary<DirectoryCommand> = fc.oneof(
  fc
    .record({ kind, page, times, refusal: fc.constantFrom(...refusals) })
    .map(({ refusal: [status, reason], ...target }) => ({ do: 'failPage' as const, ...target, status, reason })),
  fc.record({ do: fc.constant('repeatPageToken'), kind: list, page, times }),
  fc.record({ do: fc.constant('truncatePage'), kind: list, page, times }),
  fc.record({ do: fc.constant('dropUsersKey'), page, times }),
  fc.record({ do: fc.constant('endListEarly'), page, times }),
  fc.record({ do: fc.constant('emptyPage'), page, times }),
  fc.record({
    do: fc.constant('failPage'),
    kind: fc.constant('token'),
    times,
    status: fc.constant(500),
    reason: fc.constant('x'),
  }),
  fc.constant({ do: 'revokeScopes' as const, scopes: directoryScopes }),
  fc.constant({ do: 'revokeScopes' as const, scopes: new Array<string>() }),
  fc.constant({ do: 'lagBehind' as const }),
);

/**
 * A list of members that leaves somebody out without a word: of each group one at most in a read, for two such lists are
 * what a group that somebody left looks like.
 */
const silentFault = fc.record({
  do: fc.constantFrom('endListEarly', 'emptyPage', 'dropUsersKey'),
  kind: fc.constant('membersList'),
  key: fc.constantFrom(...groupsOfInterest),
  page: fc.integer({ min: 1, max: 3 }),
});

const base = {
  changes: fc.array(change, { maxLength: 6 }),
  /** What happens while it reads: before the answer to that request is sent. */
  meanwhile: fc.array(meanwhile, { maxLength: 4 }),
  openFaults: fc.array(openFault, { maxLength: 3 }),
};

/** One read and what comes before and goes wrong in it. */
export type Round = {
  changes: Change[];
  meanwhile: { atRequest: number; change: Change; hurry?: boolean }[];
  openFaults: DirectoryCommand[];
  silentFaults?: DirectoryCommand[];
  /** The process ends at that request. */
  breakOffAt?: number;
  /** And nobody goes on with it for too long. */
  forget?: boolean;
  /** Before it begins, the mirror is put back as it was so many rounds ago. */
  restore?: number;
};

const round: fc.Arbitrary<Round> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      ...base,
      silentFaults: fc.uniqueArray(silentFault, { selector: ({ key }) => key, maxLength: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...base, breakOffAt: fc.integer({ min: 1, max: 25 }), forget: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...base, restore: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** Some rounds, one after the other. */
export const history: fc.Arbitrary<Round[]> = fc.array(round, { minLength: 2, maxLength: 6 });
