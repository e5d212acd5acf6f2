import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MatchingPolicy, MatchingPolicy_OnExisting, MatchingPolicy_OnForeignExternalId } from '@autoprov/proto';
import { decideGroup, judgeFoundGroups, type GroupMember } from './decide-group.ts';

const anyMember: fc.Arbitrary<Omit<GroupMember, 'userId'>> = fc
  .record({
    wanted: fc.boolean(),
    state: fc.constantFrom('none' as const, 'sent' as const, 'member' as const),
    sentAs: fc.constantFrom('old', 'new'),
    account: fc.option(fc.record({ scimId: fc.constantFrom('old', 'new'), isActive: fc.boolean() }), {
      nil: undefined,
    }),
  })
  .map(({ state, sentAs, account, ...rest }) => ({
    ...rest,
    state,
    ...(state !== 'none' && { sentAs }),
    ...(account && { account }),
  }));
/** Each account belongs to one person. */
const anyMembers = fc.array(anyMember, { maxLength: 30 }).map((all) =>
  all.map(({ sentAs, account, ...rest }, i) => ({
    ...rest,
    userId: `u${i}`,
    ...(sentAs && { sentAs: `${sentAs}${i}` }),
    ...(account && { account: { ...account, scimId: `${account.scimId}${i}` } }),
  })),
);
const anySituation = fc.record({
  displayName: fc.constantFrom('Staff', 'Crew'),
  group: fc.record({ scimId: fc.constant('g'), displayName: fc.constantFrom('Staff', 'Crew') }),
  members: anyMembers,
  chunkSize: fc.integer({ min: 1, max: 7 }),
  keepsMembers: fc.boolean(),
});

/** What is accepted when all of a decision is done. */
function apply(
  { members, group, ...rest }: Parameters<typeof decideGroup>[0],
  decision: ReturnType<typeof decideGroup>,
) {
  if (decision.do !== 'change') return { ...rest, group, members };
  const steps = (what: 'add' | 'remove') =>
    new Map(decision.steps.flatMap((step) => (step.do === what ? step.members.map((m) => [m.userId, m.scimId]) : [])));
  const [added, removed] = [steps('add'), steps('remove')];
  return {
    ...rest,
    group: { ...group, displayName: decision.rename ?? group.displayName! },
    members: members
      .filter(({ userId }) => !removed.has(userId) && !decision.forget.includes(userId))
      .map((one): GroupMember => {
        const sentAs = added.get(one.userId);
        return sentAs === undefined ? one : { ...one, state: 'member', sentAs };
      }),
  };
}

test('what is decided, done once, leaves nothing to do', () => {
  fc.assert(
    fc.property(anySituation, (situation) => {
      const situationAfter = apply(situation, decideGroup(situation));
      const again = decideGroup(situationAfter);
      if (again.do === 'nothing') return;
      // Nothing but those who are kept for now.
      expect(again).toMatchObject({ do: 'change', steps: [], forget: [] });
      expect(again).not.toHaveProperty('rename');
      expect(situation.keepsMembers).toBe(true);
    }),
  );
});

test('afterwards exactly those are members who should be and have access, beside whom the account’s end decides', () => {
  fc.assert(
    fc.property(anySituation, (situation) => {
      const { members } = apply(
        { ...situation, keepsMembers: false },
        decideGroup({ ...situation, keepsMembers: false }),
      );
      for (const { wanted, state, sentAs, account } of members) {
        if (wanted && account?.isActive) expect({ state, sentAs }).toEqual({ state: 'member', sentAs: account.scimId });
        if (!wanted) throw new Error('somebody who should be no member is left');
      }
    }),
  );
});

test('only accounts of ours are named, nobody twice, no request names more than it may, and who leaves goes first', () => {
  fc.assert(
    fc.property(anySituation, (situation) => {
      const decision = decideGroup(situation);
      if (decision.do !== 'change') return;
      const named = decision.steps.flatMap((step) => step.members.map(({ userId }) => userId));
      expect(new Set(named).size).toBe(named.length);
      const ours = situation.members.flatMap(({ account, sentAs }) => [account?.scimId, sentAs]);
      for (const step of decision.steps) {
        expect(step.members.length).toBeLessThanOrEqual(situation.chunkSize);
        expect(step.members.every(({ scimId }) => ours.includes(scimId))).toBe(true);
      }
      const kinds = decision.steps.map((step) => step.do);
      expect(kinds).toEqual(kinds.toSorted((a, b) => (a === b ? 0 : a === 'remove' ? -1 : 1)));
      if (situation.keepsMembers) expect(kinds).not.toContain('remove');
    }),
  );
});

const hit = { id: 'g1', displayName: 'Staff' };
const unknown = { isOurs: false, linkedTo: undefined };
const policy = (fields: Partial<MatchingPolicy>) => ({ ...MatchingPolicy.fromPartial({}), ...fields });

test.each([
  ['nothing is there', [], undefined, unknown, { do: 'create' }],
  ['one is there', [hit], undefined, unknown, { do: 'link', scimId: 'g1', origin: 'adopted', displayName: 'Staff' }],
  ['a create was begun', [hit], undefined, { ...unknown, isOurs: true }, { do: 'link', origin: 'created' }],
  ['two are there', [hit, { ...hit, id: 'g2' }], undefined, unknown, { do: 'fail', reason: 'AMBIGUOUS_MATCH' }],
  ['it has no id', [{ displayName: 'Staff' }], undefined, unknown, { do: 'fail', reason: 'DUPLICATE' }],
  ['it is another of ours', [hit], undefined, { ...unknown, linkedTo: 'x' }, { do: 'fail', reason: 'DUPLICATE' }],
  ['skip', [hit], policy({ onExisting: MatchingPolicy_OnExisting.ON_EXISTING_SKIP }), unknown, { do: 'skip' }],
  ['fail', [hit], policy({ onExisting: MatchingPolicy_OnExisting.ON_EXISTING_FAIL }), unknown, { do: 'fail' }],
  ['it is of others', [{ ...hit, externalId: 'okta' }], undefined, unknown, { do: 'fail', reason: 'DUPLICATE' }],
  [
    'it is of others, who hand it over',
    [{ ...hit, externalId: 'okta' }],
    policy({ onForeignExternalId: MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_KEEP }),
    { ...unknown, isOurs: true },
    { do: 'link', origin: 'adopted' },
  ],
])('a look-up before a create: %s', (_, hits, matching, about, expected) => {
  expect(judgeFoundGroups(hits, 'staff@example.com', matching, about)).toMatchObject(expected);
});
