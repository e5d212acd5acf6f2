import { expect, test } from '@jest/globals';
import { Check, Failure_State, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import fc from 'fast-check';
import { factOfCheck, factOfOutcome, type Fact } from './fact.ts';
import type { KeptFailure } from './failure.ts';
import { applyChanges, fold, type SubjectState } from './fold.ts';

const empty: SubjectState = { lastSeqs: new Map(), failures: new Map() };

function foldAll(facts: Fact[]): SubjectState {
  return facts.reduce((state, fact) => {
    const changes = fold(state, fact);
    return changes ? applyChanges(state, fact, changes) : state;
  }, empty);
}

function outcome(seq: number, result: Outcome_Result, code = '', reason = ''): Fact {
  return factOfOutcome(
    Outcome.fromPartial({
      app: 'customers/acme/apps/crm',
      user: 'customers/acme/users/1042',
      seq: BigInt(seq),
      occurTime: new Date(seq * 1000),
      action: Outcome_Action.ACTION_CREATE,
      result,
      code,
      reason,
      attempt: seq,
    }),
  )!;
}
const failed = (seq: number, code = '45003', reason = 'DUPLICATE') =>
  outcome(seq, Outcome_Result.RESULT_FAILED, code, reason);
const accepted = (seq: number) => outcome(seq, Outcome_Result.RESULT_ACCEPTED);
const withdrawn = (seq: number) => outcome(seq, Outcome_Result.RESULT_WITHDRAWN);

function check(seq: number, passed: boolean, code: string, reason = ''): Fact {
  const subject = 'customers/acme';
  const occurTime = new Date(seq * 1000);
  return factOfCheck(
    Check.fromPartial({ source: 'token-broker', subject, seq: BigInt(seq), occurTime, passed, code, reason }),
  );
}

const list = ({ failures }: SubjectState) => [...failures.values()];
const open = (state: SubjectState) => list(state).filter(({ state }) => state === Failure_State.STATE_OPEN);
const codes = (failures: KeptFailure[]) => failures.map(({ code, reason }) => `${code} ${reason}`).sort();

test('a failed push opens a failure of the person in the app', () => {
  expect(list(foldAll([failed(1)]))).toMatchObject([
    {
      name: expect.stringMatching(/^failures\/[a-z2-7]{26}$/),
      seq: 1n,
      state: Failure_State.STATE_OPEN,
      customer: 'customers/acme',
      app: 'customers/acme/apps/crm',
      user: 'customers/acme/users/1042',
      source: 'scim-pusher',
      code: '45003',
      openTime: new Date(1000),
    },
  ]);
});

test('the same failure again is one failure with the newest attempt and its first open time', () => {
  expect(list(foldAll([failed(1), failed(2)]))).toMatchObject([
    { seq: 2n, attempt: 2, openTime: new Date(1000), updateTime: new Date(2000) },
  ]);
});

test.each([
  ['accepted', accepted(3)],
  ['withdrawn', withdrawn(3)],
])('an %s push resolves what was open for the person', (_, end) => {
  expect(list(foldAll([failed(1), failed(2), end]))).toMatchObject([
    { state: Failure_State.STATE_RESOLVED, seq: 3n, resolveTime: new Date(3000) },
  ]);
});

test('another reason supersedes the one before', () => {
  const state = foldAll([failed(1), failed(2, '45006', 'VALUE_TOO_LONG')]);
  expect(codes(open(state))).toEqual(['45006 VALUE_TOO_LONG']);
  expect(list(state).find(({ code }) => code === '45003')).toMatchObject({ state: Failure_State.STATE_SUPERSEDED });
});

test('a failure that comes back opens anew under its old name', () => {
  const [first] = list(foldAll([failed(1)]));
  const [again] = list(foldAll([failed(1), accepted(2), failed(3)]));
  expect(again).toMatchObject({ name: first?.name, seq: 3n, openTime: new Date(3000), resolveTime: undefined });
});

test('a change after a re-publication still has a higher seq', () => {
  const state = foldAll([failed(1)]);
  const [failure] = list(state);
  const bumped = applyChanges(state, failed(1), [{ ...failure!, seq: 9n }]);
  expect(fold(bumped, accepted(2))).toMatchObject([{ state: Failure_State.STATE_RESOLVED, seq: 10n }]);
});

test('a passed check resolves its own code, and with no code everything of its subject', () => {
  const both = [check(1, false, '17003', 'UNAUTHORIZED'), check(2, false, '17006', 'SCOPE_MISSING')];
  expect(codes(open(foldAll([...both, check(3, true, '17003')])))).toEqual(['17006 SCOPE_MISSING']);
  expect(open(foldAll([...both, check(3, true, '')]))).toEqual([]);
});

test('a check that fails again counts its attempts since it opened', () => {
  const attempts = (...facts: Fact[]) => list(foldAll(facts)).map(({ attempt }) => attempt);
  const fails = (seq: number) => check(seq, false, '17003');
  expect(attempts(fails(1), fails(2))).toEqual([2]);
  expect(attempts(fails(1), fails(2), check(3, true, ''), fails(4))).toEqual([1]);
});

const anyFact = fc.oneof(
  fc
    .constantFrom('DUPLICATE', 'LICENSE_LIMIT', 'NOT_FOUND')
    .map((reason) => (seq: number) => failed(seq, '45003', reason)),
  fc.constantFrom(accepted, withdrawn),
);
const anyCheck = fc
  .record({ passed: fc.boolean(), code: fc.constantFrom('', '17003', '17006'), reason: fc.constantFrom('A', 'B') })
  .filter(({ passed, code }) => passed || code !== '')
  .map(
    ({ passed, code, reason }) =>
      (seq: number) =>
        check(seq, passed, code, reason),
  );
const anyHistory = fc
  .oneof(fc.array(anyFact, { maxLength: 12 }), fc.array(anyCheck, { maxLength: 12 }))
  .map((makers) => makers.map((make, i) => make(i + 1)));

/** A history as a consumer may get it: after any fact, the last few come again in their order. */
const anyReplay = anyHistory.chain((history) =>
  fc.array(fc.nat({ max: 5 }), { minLength: history.length, maxLength: history.length }).map((rewinds) => ({
    history,
    delivered: history.flatMap((fact, i) => [fact, ...history.slice(Math.max(0, i + 1 - rewinds[i]!), i + 1)]),
  })),
);

test('facts that come again change no field of any row', () => {
  fc.assert(fc.property(anyReplay, ({ history, delivered }) => expect(foldAll(delivered)).toEqual(foldAll(history))));
});

test('in whatever order facts come, and however often, the same failures are open', () => {
  const anyDisorder = anyHistory.chain((history) =>
    fc
      .shuffledSubarray([...history, ...history], { minLength: history.length * 2 })
      .map((delivered) => ({ history, delivered })),
  );
  fc.assert(
    fc.property(anyDisorder, ({ history, delivered }) =>
      expect(codes(open(foldAll(delivered)))).toEqual(codes(open(foldAll(history)))),
    ),
  );
});

test('a person has at most one open failure in an app, and the seq of a failure only grows', () => {
  fc.assert(
    fc.property(fc.array(anyFact), (makers) => {
      let state = empty;
      for (const [i, make] of makers.entries()) {
        const fact = make(i + 1);
        const changes = fold(state, fact)!;
        for (const change of changes) expect(change.seq).toBeGreaterThan(state.failures.get(change.name)?.seq ?? 0n);
        state = applyChanges(state, fact, changes);
        expect(open(state).length).toBeLessThanOrEqual(1);
      }
    }),
  );
});
