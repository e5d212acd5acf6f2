import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GuardPolicy, MappingRow, ProvisioningSetup } from '@autoprov/proto';
import { diffUser, digestOf, type ScimUser } from '@autoprov/scim';
import type { Decision } from './decide.ts';
import {
  allowedCount,
  dangers,
  digestOfChange,
  findDangers,
  holdBack,
  isProtected,
  judgeChange,
  limitsOf,
  type DangerousChange,
  type Verdict,
} from './guard.ts';
import { noAccount, type Account } from './model.ts';

const department = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department';
const row = (target: string) => ({
  ...MappingRow.fromPartial({ target }),
  source: { $case: 'attribute' as const, value: 'id' },
});
const rows = ['userName', 'title', 'name.givenName', 'name.familyName', 'emails[type eq "work"].value', department].map(
  row,
);
const setup: ProvisioningSetup = { ...ProvisioningSetup.fromPartial({}), attributeMapping: { rows } };

const word = fc.constantFrom('a', 'b', 'B');
const users: fc.Arbitrary<ScimUser> = fc
  .record(
    {
      userName: word,
      title: word,
      name: fc.record({ givenName: word, familyName: word }, { requiredKeys: [] }),
      emails: word.map((value) => [{ value, type: 'work', primary: true }]),
      [department.slice(0, department.lastIndexOf(':'))]: fc.record({ department: word }, { requiredKeys: [] }),
    },
    { requiredKeys: ['userName'] },
  )
  .map((user) => ({ ...user, active: true }) as ScimUser);

function situation(accepted: ScimUser, desired: ScimUser): { decision: Decision; account: Account } {
  const account: Account = {
    ...noAccount('1'),
    scimId: 'x',
    state: 'active',
    accepted,
    acceptedDigest: digestOf(accepted),
  };
  const changes = diffUser(accepted, desired);
  const rest = { inScope: true, scopeExplanation: '', explanation: '', parked: [] };
  const decision: Decision =
    changes.length === 0 ? { ...rest, do: 'nothing' } : { ...rest, do: 'update', desired, changes };
  return { decision, account };
}

const leaves: Decision = { do: 'suspend', inScope: false, scopeExplanation: '', explanation: 'left', parked: [] };

test('what is held back does no harm any more, and everything else goes on', () => {
  fc.assert(
    fc.property(users, users, fc.subarray([...dangers]), (accepted, desired, held) => {
      const { decision, account } = situation(accepted, desired);
      const found = findDangers(setup, decision, account);
      const kept = holdBack(
        setup,
        decision,
        account,
        found.filter(({ danger }) => held.includes(danger)),
      );
      const left = findDangers(setup, kept, account);
      expect(left).toEqual(found.filter(({ danger }) => !held.includes(danger)));
      // Once what is kept is accepted, the rest is decided again, and is exactly what was held.
      const after = kept.do === 'update' ? kept.desired : accepted;
      const again = situation(after, desired);
      expect(findDangers(setup, again.decision, again.account).map(({ danger }) => danger)).toEqual(
        found.map(({ danger }) => danger).filter((danger) => held.includes(danger)),
      );
    }),
  );
});

test('a removal that is held starts no next timer', () => {
  const dueAt = new Date();
  const found = findDangers(setup, leaves, noAccount('1'));
  expect(found).toEqual([{ danger: 'access', action: 'suspend', changes: [] }]);
  expect(holdBack(setup, { ...leaves, dueAt }, noAccount('1'), found)).not.toHaveProperty('dueAt');
});

test('another spelling of the same address is no change of who somebody is, and a value that comes clears nothing', () => {
  const accepted: ScimUser = { userName: 'ada@x.example', active: true };
  const { decision, account } = situation(accepted, { userName: 'Ada@x.example', title: 'Engineer', active: true });
  expect(findDangers(setup, decision, account)).toEqual([]);
});

test('a cleared attribute is told by its path, with what it was', () => {
  const urn = department.slice(0, department.lastIndexOf(':'));
  const accepted = {
    userName: 'a',
    name: { givenName: 'Ada' },
    [urn]: { department: 'Lab' },
    active: true,
  } as ScimUser;
  const { decision, account } = situation(accepted, { userName: 'a', name: { familyName: 'L' }, active: true });
  expect(findDangers(setup, decision, account)).toMatchObject([
    {
      danger: 'clearing',
      changes: [
        { path: 'name.givenName', oldValue: 'Ada', newValue: null },
        { path: department, oldValue: 'Lab', newValue: null },
      ],
    },
  ]);
});

const operators = { maxCount: 500, maxSharePercent: 10, windowMs: 86_400_000 };

test.each([
  [0, 1],
  [1, 1],
  [2, 1],
  [5, 3],
  [20, 5],
  [100, 10],
  [3_000, 300],
  [10_000, 500],
  [100_000, 500],
])('of %i people %i may lose something within the window by default', (accounts, allowed) => {
  expect(allowedCount(operators, accounts)).toBe(allowed);
});

test('the guard never lets more than the count go, and one leaver always where the count is not 0', () => {
  const limits = fc.record({
    maxCount: fc.nat(1_000),
    maxSharePercent: fc.integer({ min: 1, max: 100 }),
    windowMs: fc.nat(),
  });
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 200_000 }), (limit, accounts) => {
      const allowed = allowedCount(limit, accounts);
      expect(allowed).toBeLessThanOrEqual(limit.maxCount);
      expect(allowed).toBeGreaterThanOrEqual(Math.min(1, limit.maxCount));
      expect(allowedCount(limit, accounts + 1)).toBeGreaterThanOrEqual(allowed);
    }),
  );
});

test("a setup's limits stand, and the operator's where it has none", () => {
  const policy = GuardPolicy.fromPartial({ maxCount: 7, window: { seconds: 60n } });
  expect(limitsOf(policy, operators)).toEqual({ maxCount: 7, maxSharePercent: 10, windowMs: 60_000 });
  expect(limitsOf(undefined, operators)).toEqual(operators);
});

test('a protected person is one by id or by address in any case', () => {
  const policy = GuardPolicy.fromPartial({ protectedPersons: ['42', 'Boss@x.example'] });
  expect(isProtected(policy, '42', 'a@x.example')).toBe(true);
  expect(isProtected(policy, '1', 'boss@X.example')).toBe(true);
  expect(isProtected(policy, '1', 'a@x.example')).toBe(false);
});

const change: DangerousChange = { danger: 'access', action: 'suspend', changes: [] };
const heldRow = { digest: digestOfChange(change), setupRevision: 3n, protected: false };
const approved = { ...heldRow, approvalNo: 1n };

test.each<[Verdict, string, Partial<Parameters<typeof judgeChange>[1]>]>([
  ['limited', 'nothing is held', {}],
  ['counted', 'the person has lost the like', { isCounted: true }],
  ['held', 'it is held', { row: heldRow }],
  ['held', 'it is held, and the person has lost the like', { row: heldRow, isCounted: true }],
  ['approved', 'it is approved', { row: approved }],
  ['held', 'something else is approved', { row: { ...approved, digest: 'another' } }],
  ['held', 'it is approved with another revision', { row: approved, revision: 4n }],
  ['held', 'it is approved, and the setup is not stored', { row: approved, revision: undefined }],
  ['protected', 'the person is protected', { isProtected: true }],
  ['protected', 'it is approved, and the person is protected by now', { row: approved, isProtected: true }],
  ['limited', 'the person is protected no more', { row: { ...heldRow, protected: true } }],
])('the verdict is %s where %s', (verdict, _, about) => {
  const known = { row: undefined, revision: 3n, isProtected: false, isCounted: false };
  expect(judgeChange(change, { ...known, ...about })).toBe(verdict);
});

test('the protection of a person is of their access only', () => {
  const known = { row: undefined, revision: 3n, isProtected: true, isCounted: false };
  expect(judgeChange({ ...change, danger: 'identity' }, known)).toBe('limited');
});

test('lost memberships are a danger to whoever has access, and not beside the loss of it', () => {
  const active: Account = { userId: '1', state: 'active', scimId: 's1', parked: [], attempt: 0 };
  const decide = (what: 'nothing' | 'suspend') =>
    ({ do: what, parked: [], explanation: '', inScope: true, scopeExplanation: '' }) as Decision;
  const dangersOf = (what: 'nothing' | 'suspend', account: Account, lost: string[]) =>
    findDangers(setup, decide(what), account, lost).map(({ danger }) => danger);
  expect(dangersOf('nothing', active, ['staff@example.com'])).toEqual(['membership']);
  expect(dangersOf('nothing', active, [])).toEqual([]);
  expect(dangersOf('suspend', active, ['staff@example.com'])).toEqual(['access']);
  expect(dangersOf('nothing', { ...active, state: 'suspended' }, ['staff@example.com'])).toEqual([]);
});
