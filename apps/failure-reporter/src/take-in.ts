import type { Db } from '@autoprov/postgres';
import type { Outcome } from '@autoprov/proto';
import type { Fact } from './domain/fact.ts';
import type { KeptFailure } from './domain/failure.ts';
import { applyChanges, fold, type SubjectState } from './domain/fold.ts';
import type { ReadBatch } from './read-batch.ts';
import { applyJudgements, settleChanged } from './settle-failures.ts';
import { countOutcomes } from './store/counters.ts';
import { findFailuresOfSubjects, upsertFailures } from './store/failures.ts';
import { findSubjects, upsertSubjects, type SubjectSeq } from './store/subjects.ts';

/** A fact; outcome: it came of a push, which is to be counted. */
export type Message = { fact: Fact; outcome?: Outcome };

/**
 * Folds what was read; `relyOnLives`, or with judgements `changeLives`, comes first.
 *
 * @returns how many facts were news
 */
export async function takeIn(
  tx: Db,
  { messages, judgements }: Pick<ReadBatch, 'messages' | 'judgements'>,
  now: Date,
): Promise<number> {
  const appliedCount = await foldMessages(tx, messages, now);
  if (judgements.length > 0) await applyJudgements(tx, judgements, now);
  return appliedCount;
}

/** @returns how many of them were news */
async function foldMessages(tx: Db, messages: Message[], now: Date): Promise<number> {
  if (messages.length === 0) return 0;
  const states = await loadSubjects(tx, messages);
  const lastSeqs = new Map<string, SubjectSeq>();
  const changed = new Map<string, KeptFailure>();
  const counted: Outcome[] = [];
  let appliedCount = 0;
  for (const { fact, outcome } of messages) {
    const key = keyOf(fact);
    const state = states.get(key) ?? unheardOf;
    const changes = fold(state, fact);
    if (!changes) continue;
    appliedCount += 1;
    states.set(key, applyChanges(state, fact, changes));
    for (const failure of changes) changed.set(failure.name, failure);
    const { source, subject, about, seq, time: seenTime } = fact;
    lastSeqs.set(`${key}\n${about}`, { source, subject, about, seq, seenTime });
    // What is counted is accounts.
    if (outcome?.group === '') counted.push(outcome);
  }
  await upsertSubjects(tx, [...lastSeqs.values()]);
  await upsertFailures(tx, await settleChanged(tx, [...changed.values()], now));
  await countOutcomes(tx, counted);
  return appliedCount;
}

/** A subject that nothing was heard of. */
const unheardOf: SubjectState = { lastSeqs: new Map(), failures: new Map() };

/** What is known of the subjects that something is known of. */
async function loadSubjects(tx: Db, messages: Message[]): Promise<Map<string, SubjectState>> {
  const keys = [...new Map(messages.map(({ fact }) => [keyOf(fact), fact])).values()];
  const states = new Map<string, { lastSeqs: Map<string, bigint>; failures: Map<string, KeptFailure> }>();
  const stateOf = (key: string) => {
    const state = states.get(key) ?? { lastSeqs: new Map<string, bigint>(), failures: new Map<string, KeptFailure>() };
    states.set(key, state);
    return state;
  };
  for (const known of await findSubjects(tx, keys)) stateOf(keyOf(known)).lastSeqs.set(known.about, known.seq);
  for (const known of await findFailuresOfSubjects(tx, keys)) stateOf(keyOf(known)).failures.set(known.name, known);
  return states;
}

function keyOf({ source, subject }: { source: string; subject: string }): string {
  return `${source}\n${subject}`;
}
