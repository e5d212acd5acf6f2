import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainMembership, walkMembership, type MembershipEdge } from './membership.ts';

const nested = (groupKey: string, memberKey: string): MembershipEdge => ({
  groupKey,
  kind: 'group',
  memberKey,
  memberEmail: '',
});
const user = (groupKey: string): MembershipEdge => ({ groupKey, kind: 'user', memberKey: '', memberEmail: '' });

const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
const anyKey = fc.constantFrom(...keys);
// Few ways lead to the user, so that the shortest one is often the only short one.
const anyEdge = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(anyKey, anyKey).map(([from, to]) => nested(from, to)) },
  { weight: 1, arbitrary: anyKey.map(user) },
);

/** The length of the shortest way by trying ever more steps; undefined: there is none. */
function shortestLength(start: string, edges: MembershipEdge[]): number | undefined {
  let level = new Set([start]);
  for (let length = 1; length <= keys.length; length++) {
    const from = edges.filter(({ groupKey }) => level.has(groupKey));
    if (from.some(({ kind }) => kind !== 'group')) return length;
    level = new Set(from.map(({ memberKey }) => memberKey));
  }
  return undefined;
}

test('the way is a shortest one, edge by edge from the group to the user, whatever cycles there are', () => {
  fc.assert(
    fc.property(fc.array(anyEdge, { maxLength: 20 }), (edges) => {
      const { path } = walkMembership('a', edges);
      expect(path?.length).toBe(shortestLength('a', edges));
      for (const [i, edge] of (path ?? []).entries()) {
        expect(edges).toContain(edge);
        expect(edge.groupKey).toBe(i === 0 ? 'a' : path![i - 1]!.memberKey);
      }
      expect(path?.at(-1)?.kind ?? 'user').toBe('user');
    }),
    { numRuns: 2_000 },
  );
});

test('every group that is reached was looked at once, with its distance, nearest first', () => {
  const cycle = [nested('a', 'b'), nested('b', 'c'), nested('c', 'a'), nested('a', 'c'), nested('x', 'y')];
  expect([...walkMembership('a', cycle).depths]).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 1],
  ]);
});

const facts = {
  isMember: false,
  isDeleted: false,
  path: undefined,
  missing: false,
  everWhole: true,
  groupCount: 3,
  incompleteCount: 0,
};

test.each([
  ['a direct member', { isMember: true, path: [user('a')] }, 'in it directly'],
  ['a nested one', { isMember: true, path: [nested('a', 'b'), user('b')] }, 'in it by 1 nested group'],
  ['nobody', {}, 'none of the 3 groups looked at has the user as a member'],
  ['unread parts', { incompleteCount: 2 }, /; 2 of them could not be read whole by the last read$/],
  ['no whole read', { everWhole: false }, /^the group was not read whole yet, so who is not in it is not known$/],
  ['a kept membership', { isMember: true }, /^was in it when it was last read whole; nobody leaves it before/],
  [
    'a missing group',
    { isMember: true, path: [user('a')], missing: true },
    /; Google does not know the group any more/,
  ],
  ['a read under way', { path: [user('a')] }, /that counts from the end of the read under way$/],
  ['a deleted user', { isDeleted: true, path: [user('a')] }, /^the user is deleted/],
])('%s is told apart', (_, some, sentence) => {
  expect(explainMembership({ ...facts, ...some })).toMatch(sentence);
});
