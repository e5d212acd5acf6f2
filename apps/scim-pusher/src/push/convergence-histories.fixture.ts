import fc from 'fast-check';
import type { DeprovisioningPolicy, DeprovisioningRule } from '@autoprov/proto';
import type { DirectoryCommand, DirectoryState, FrontCommand, GoogleUser } from '@autoprov/testing';
import { accessGroup, type Interruption } from './convergence.fixture.ts';

type ChangeKind =
  | 'hire'
  | 'leave'
  | 'comeBack'
  | 'rename'
  | 'promote'
  | 'demote'
  | 'call'
  | 'readdress'
  | 'suspend'
  | 'unsuspend'
  | 'archive'
  | 'unarchive'
  | 'join'
  | 'quit'
  | 'report'
  | 'reportToNobody'
  | 'inherit'
  | 'replace'
  | 'swap';
type Chosen = { user: GoogleUser; other: GoogleUser; n: number; state: DirectoryState };

const changes: Record<ChangeKind, (chosen: Chosen) => DirectoryCommand[]> = {
  hire: ({ n }) => [
    {
      do: 'hire',
      primaryEmail: `new${n}@example.com`,
      givenName: 'New',
      familyName: `Hire${n}`,
      groups: [accessGroup],
    },
  ],
  leave: ({ user }) => [{ do: 'delete', user: user.id }],
  comeBack: ({ state, n }) => {
    const gone = [...state.users.values()].filter(({ deletionTime }) => deletionTime);
    return gone.length === 0 ? [] : [{ do: 'undelete', user: gone[n % gone.length]!.id }];
  },
  rename: ({ user, n }) => [{ do: 'rename', user: user.id, familyName: `Ñame "${n}"` }],
  promote: ({ user, n }) => [
    {
      do: 'update',
      user: user.id,
      set: { organizations: [{ primary: true, title: `Title ${n}`, costCenter: `${n}` }] },
    },
  ],
  demote: ({ user }) => [{ do: 'update', user: user.id, set: { organizations: [], languages: [] } }],
  call: ({ user, n }) => [
    {
      do: 'update',
      user: user.id,
      set: {
        phones: [{ type: 'work', value: `+49 30 ${n}` }],
        externalIds: [{ type: 'organization', value: `E-${n}` }],
        languages: [{ languageCode: n % 2 ? 'de' : 'fr', preference: 'preferred' }],
      },
    },
  ],
  readdress: ({ user, n, state }) => [
    { do: 'changePrimaryAddress', user: user.id, to: `moved${n}@example.com` },
    // Who names the manager by the old address is corrected, as an admin would.
    ...[...state.users.values()]
      .filter(({ relations, deletionTime }) => !deletionTime && relations?.[0]?.value === user.primaryEmail)
      .map((report) => managed(report, `moved${n}@example.com`)),
  ],
  suspend: ({ user }) => [{ do: 'suspend', user: user.id }],
  unsuspend: ({ user }) => [{ do: 'unsuspend', user: user.id }],
  archive: ({ user }) => [{ do: 'archive', user: user.id }],
  unarchive: ({ user }) => [{ do: 'unarchive', user: user.id }],
  join: ({ user }) => [{ do: 'addMember', group: accessGroup, user: user.id }],
  quit: ({ user }) => [{ do: 'removeMember', group: accessGroup, user: user.id }],
  report: ({ user, other }) => [managed(user, other.primaryEmail)],
  reportToNobody: ({ user }) => [{ do: 'update', user: user.id, set: { relations: [] } }],
  /** Another person gets the address of somebody who leaves. */
  inherit: ({ user, other }) => [
    { do: 'delete', user: other.id },
    { do: 'changePrimaryAddress', user: user.id, to: other.primaryEmail },
  ],
  /** A new person gets the address of somebody who leaves. */
  replace: ({ user }) => [
    { do: 'delete', user: user.id },
    { do: 'hire', primaryEmail: user.primaryEmail, givenName: 'Another', familyName: 'Person', groups: [accessGroup] },
  ],
  swap: ({ user, other, n }) => [
    { do: 'changePrimaryAddress', user: user.id, to: `between${n}@example.com` },
    { do: 'changePrimaryAddress', user: other.id, to: user.primaryEmail },
    { do: 'changePrimaryAddress', user: user.id, to: other.primaryEmail },
  ],
};

/** Something that happens to people; it finds them in the directory as it is by then. */
export type Change = { kind: ChangeKind; who: number; other: number };

function managed(user: GoogleUser, address: string): DirectoryCommand {
  return { do: 'update', user: user.id, set: { relations: [{ type: 'manager', value: address }] } };
}

/** Carries it out, as far as it is possible: nobody leaves twice. */
export function carryOut(
  directory: { state: DirectoryState; run(command: DirectoryCommand): unknown },
  { kind, who, other }: Change,
): void {
  const { state } = directory;
  const present = [...state.users.values()].filter(({ deletionTime }) => !deletionTime);
  if (present.length < 3) return;
  const user = present[who % present.length]!;
  const rest = present.filter((person) => person !== user);
  // As they are before: commands change them in place.
  const chosen = { user: { ...user }, other: { ...rest[other % rest.length]! }, n: who, state };
  try {
    for (const command of changes[kind](chosen)) directory.run(command);
  } catch (err) {
    if (!/no (deleted )?user|is taken/.test(String(err))) throw err;
  }
}

/** One pass, what comes before it, what goes wrong in it, and what changes while it goes on. */
export type Round = {
  changes: Change[];
  waitMs: number;
  faults: (FrontCommand & { do: 'fault' })[];
  interruption: Interruption;
  meanwhile: Change[];
};

/** The setup, and what happens under it. */
export type History = {
  scoped: boolean;
  deprovisioning: Partial<DeprovisioningPolicy>;
  rounds: Round[];
};

const kinds = Object.keys(changes) as ChangeKind[];
const reusing: ChangeKind[] = ['inherit', 'replace', 'swap'];
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...kinds.filter((kind) => !reusing.includes(kind))) },
    { weight: 1, arbitrary: fc.constantFrom(...reusing) },
  ),
  who: fc.nat(999),
  other: fc.nat(99),
});

const effect = fc.oneof(
  fc.record({ effect: fc.constantFrom('resetAfter', 'html', 'unauthorized') }),
  fc.record({ effect: fc.constant('failBefore'), status: fc.constantFrom(500, 503) }),
  fc.record({ effect: fc.constant('failAfter'), status: fc.constantFrom(500, 502) }),
  fc.record({ effect: fc.constant('rateLimit'), retryAfterSeconds: fc.constantFrom(1, 100) }),
  fc.record({ effect: fc.constant('holdAfter'), holdMs: fc.constantFrom(50, 800) }),
);
const fault = fc
  .record({
    effect,
    method: fc.option(fc.constantFrom('POST', 'PATCH', 'DELETE', 'GET'), { nil: undefined }),
    times: fc.integer({ min: 1, max: 7 }),
  })
  .map(
    ({ effect: what, method, times }) =>
      ({ do: 'fault', ...what, times, ...(method && { method }) }) as FrontCommand & { do: 'fault' },
  );

const atRequest = fc.integer({ min: 1, max: 25 });
const interruption: fc.Arbitrary<Interruption> = fc.oneof(
  fc.constant({}),
  fc.record({ dieAt: atRequest }),
  fc.record({ stopAt: atRequest }),
  fc.record({ stall: fc.record({ atRequest, byMs: fc.constant(12_000) }) }),
);

const round: fc.Arbitrary<Round> = fc.record({
  changes: fc.array(change, { maxLength: 6 }),
  waitMs: fc.constantFrom(0, 0, 3_000, 12_000, 400_000, 90_000_000),
  faults: fc.array(fault, { maxLength: 4 }),
  interruption,
  meanwhile: fc.array(change, { maxLength: 2 }),
});

const duration = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
const rules: DeprovisioningRule[] = [
  { suspendAfter: duration(0), deleteAfter: undefined },
  { suspendAfter: duration(86_400), deleteAfter: undefined },
  { suspendAfter: undefined, deleteAfter: duration(0) },
  { suspendAfter: duration(0), deleteAfter: duration(7 * 86_400) },
  { suspendAfter: undefined, deleteAfter: undefined },
];
const rule = fc.constantFrom(undefined, ...rules);

/** Some passes, one after the other. */
export const history: fc.Arbitrary<History> = fc.record({
  scoped: fc.boolean(),
  deprovisioning: fc.record({ outOfScope: rule, suspended: rule, archived: rule, deleted: rule }),
  rounds: fc.array(round, { minLength: 2, maxLength: 6 }),
});
