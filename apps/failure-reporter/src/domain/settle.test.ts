import { expect, test } from '@jest/globals';
import { Check, Failure_State, Outcome, Outcome_Result } from '@autoprov/proto';
import fc from 'fast-check';
import { factOfCheck, factOfOutcome, type Fact } from './fact.ts';
import type { KeptFailure } from './failure.ts';
import { applyChanges, fold, type SubjectState } from './fold.ts';
import { isFailing, settle, type Judgement, type SetupLife } from './settle.ts';

const app = 'customers/acme/apps/crm';
const minute = (at: number) => new Date(at * 60_000);
const { STATE_OPEN, STATE_DISMISSED, STATE_SUPERSEDED, STATE_RESOLVED } = Failure_State;

function outcome(at: number, result: Outcome_Result, reason = ''): Fact {
  const code = reason && '45003';
  const user = 'customers/acme/users/1042';
  const changes = { app, user, seq: BigInt(at), occurTime: minute(at), result, code, reason };
  return factOfOutcome(Outcome.fromPartial(changes))!;
}
const failed = (at: number, reason = 'DUPLICATE') => outcome(at, Outcome_Result.RESULT_FAILED, reason);
const accepted = (at: number) => outcome(at, Outcome_Result.RESULT_ACCEPTED);

const failedCheckOfApp = (at: number): Fact => {
  const fields = { source: 'scim-pusher', subject: app, seq: BigInt(at), occurTime: minute(at), passed: false };
  return factOfCheck(Check.fromPartial({ ...fields, code: '17010' }));
};

/** Something that the reporter is told, in whatever order. */
type Told = { fact: Fact } | { judgement: Judgement } | { life: SetupLife };
const fact = (it: Fact): Told => ({ fact: it });
const deleted = (revision: number): Told => ({
  life: { app, revision: BigInt(revision), ended: 'SETUP_DELETED', createTime: undefined, origin: '' },
});
const created = (revision: number): Told => ({
  life: { app, revision: BigInt(revision), ended: '', createTime: minute(revision), origin: 'templates/slack' },
});
const judged = (at: number, dismissed: boolean, failure = nameOf()): Told => ({
  judgement: { failure, seq: BigInt(at), dismissed, note: `note ${at}`, time: minute(at) },
});

/** As ingest and follower do it: every time something is told, what it is about is settled. */
function tell(all: Told[]): KeptFailure[] {
  let state: SubjectState = { lastSeqs: new Map(), failures: new Map() };
  let life: SetupLife | undefined;
  const judgements = new Map<string, Judgement>();
  for (const told of all) {
    if ('life' in told && told.life.revision > (life?.revision ?? 0n)) life = told.life;
    if ('judgement' in told) {
      const { failure, seq } = told.judgement;
      if (seq > (judgements.get(failure)?.seq ?? 0n)) judgements.set(failure, told.judgement);
    }
    const changes = 'fact' in told ? fold(state, told.fact) : [];
    if ('fact' in told && changes) state = applyChanges(state, told.fact, changes);
    const settled = [...state.failures].map(
      ([name, it]) => [name, settle(it, { life, judgement: judgements.get(name) }, minute(9999))] as const,
    );
    state = { ...state, failures: new Map(settled) };
  }
  return [...state.failures.values()];
}

function nameOf(): string {
  return tell([fact(failed(1))])[0]!.name;
}
const statesOf = (...all: Told[]) => tell(all).map(({ state }) => state);

test('a failure is over when its setup is deleted, and says why', () => {
  expect(tell([fact(failed(1)), deleted(5)])).toMatchObject([
    { state: STATE_SUPERSEDED, stateReason: 'SETUP_DELETED', resolveTime: minute(9999) },
  ]);
});

test('an outcome that comes after its setup was deleted opens nothing', () => {
  expect(statesOf(fact(failed(1)), deleted(5), fact(failed(6)))).toEqual([STATE_SUPERSEDED]);
  expect(statesOf(deleted(5), fact(failed(4)))).toEqual([STATE_SUPERSEDED]);
});

test('of a setup made again only failures of its own are open', () => {
  expect(statesOf(fact(failed(1)), deleted(5), created(100))).toEqual([STATE_SUPERSEDED]);
  expect(statesOf(fact(failed(1)), created(100))).toEqual([STATE_SUPERSEDED]);
  // The reporter hears of the setup only after it has heard of a failure of it.
  expect(statesOf(deleted(5), fact(failed(101)), created(100))).toEqual([STATE_OPEN]);
});

test('a dismissed failure stays so while it goes on failing', () => {
  expect(tell([fact(failed(1)), judged(2, true), fact(failed(3)), fact(failed(4))])).toMatchObject([
    { state: STATE_DISMISSED, note: 'note 2', openTime: minute(1), updateTime: minute(4) },
  ]);
});

test('a dismissed failure opens when it fails again after it was resolved', () => {
  const resolved = [fact(failed(1)), judged(2, true), fact(accepted(3))];
  expect(statesOf(...resolved)).toEqual([STATE_RESOLVED]);
  expect(tell([...resolved, fact(failed(4))])).toMatchObject([{ state: STATE_OPEN, note: '' }]);
});

test('a person opens a dismissed failure again', () => {
  expect(statesOf(fact(failed(1)), judged(2, true), judged(3, false))).toEqual([STATE_OPEN]);
});

test("an app's own failure that was dismissed is dismissed when its setup is made again; a person's is over", () => {
  const own = fact(failedCheckOfApp(101));
  const nameOfOwn = tell([own])[0]!.name;
  const gone = [own, judged(102, true, nameOfOwn), deleted(103)];
  expect(statesOf(...gone)).toEqual([STATE_SUPERSEDED]);
  expect(tell([...gone, created(104)])).toMatchObject([{ state: STATE_DISMISSED, note: 'note 102' }]);
  expect(statesOf(fact(failed(101)), judged(102, true), deleted(103), created(104))).toEqual([STATE_SUPERSEDED]);
});

test('what says that the app is missing is not over when the app is removed', () => {
  const [failure] = tell([fact(failed(1))]);
  const life: SetupLife = { app, revision: 2n, ended: 'APP_REMOVED', createTime: undefined, origin: '' };
  const standing = { life, judgement: undefined };
  expect(settle({ ...failure!, code: '25002' }, standing, minute(9))).toMatchObject({ state: STATE_OPEN });
  expect(settle(failure!, standing, minute(9))).toMatchObject({ stateReason: 'APP_REMOVED' });
});

const anyTold = fc.oneof(
  fc.constantFrom('DUPLICATE', 'NOT_FOUND').map((reason) => (at: number) => fact(failed(at, reason))),
  fc.constant((at: number) => fact(accepted(at))),
  fc.boolean().map((dismissed) => (at: number) => judged(at, dismissed)),
  fc.constantFrom(deleted, created),
);
const anyHistory = fc.array(anyTold, { maxLength: 14 }).map((makers) => makers.map((make, i) => make(1 + 10 * i)));

/** The same history, with what comes from elsewhere (config, judgements) before or after any facts. */
const anyInterleaving = anyHistory.chain((history) => {
  const facts = history.filter((told) => 'fact' in told);
  const others = history.filter((told) => !('fact' in told));
  return fc
    .tuple(
      fc.array(fc.nat({ max: facts.length }), { minLength: others.length, maxLength: others.length }),
      fc.shuffledSubarray(others, { minLength: others.length }),
    )
    .map(([places, shuffled]) => {
      const delivered: Told[] = [...facts];
      for (const [i, place] of places.entries()) delivered.splice(place, 0, shuffled[i]!);
      return { history, delivered };
    });
});

test('whenever ends of setups and dismissals are heard of, the same is open, dismissed and over', () => {
  const view = (all: Told[]) =>
    tell(all)
      .map((it) => [it.name, it.state, it.stateReason, it.openTime, isFailing(it) && it.note] as const)
      .toSorted(([a], [b]) => a.localeCompare(b));
  fc.assert(
    fc.property(anyInterleaving, ({ history, delivered }) => expect(view(delivered)).toEqual(view(history))),
    { numRuns: 500 },
  );
});
