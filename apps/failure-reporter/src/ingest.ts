import { readCloudEvent, topics, type ConsumedBatch } from '@autoprov/kafka';
import { inTransaction, type Db, type Pool } from '@autoprov/postgres';
import type { Outcome } from '@autoprov/proto';
import { factOfCheck, factOfOutcome, judgementOfCheck, type Fact } from './domain/fact.ts';
import type { KeptFailure } from './domain/failure.ts';
import { applyChanges, fold, type SubjectState } from './domain/fold.ts';
import type { Judgement } from './domain/settle.ts';
import { applyJudgements, settleChanged } from './settle-failures.ts';
import { countOutcomes } from './store/counters.ts';
import { findFailuresOfSubjects, upsertFailures } from './store/failures.ts';
import { parkEvents, type ParkedEvent } from './store/parked-events.ts';
import { changeLives, relyOnLives } from './store/setups.ts';
import { findSubjects, lockFacts, upsertSubjects, type SubjectSeq } from './store/subjects.ts';

/** What our own check of the messages we get is about. */
const OWN_SUBJECT = 'installation';

/** A fact; outcome: it came of a push, which is to be counted. */
type Message = { fact: Fact; outcome?: Outcome };

/** What a message that can be read says. */
type Read = Message | { judgement: Judgement };

/** How many messages of a batch were news, came again, and could not be read. */
export type Ingested = { appliedCount: number; staleCount: number; parkedCount: number };

/**
 * Folds a batch of outcomes or checks into the failures, in one transaction. A message that cannot be read is parked,
 * which is a failure of its own, and the batch goes on.
 */
export async function ingestBatch(pool: Pool, batch: ConsumedBatch, now: Date): Promise<Ingested> {
  const read = readBatch(batch);
  const { judgements, unreadable } = read;
  return inTransaction(pool, async (tx) => {
    await (judgements.length > 0 ? changeLives(tx) : relyOnLives(tx));
    await lockFacts(tx, `${batch.topic}/${batch.partition}`);
    if (unreadable.length > 0) await lockFacts(tx, OWN_SUBJECT);
    const parked = unreadable.length > 0 ? await parkEvents(tx, unreadable) : [];
    const facts = parked.slice(0, 1).map((event) => ({ fact: factOfParked(event, now) }));
    const messages = [...read.messages, ...facts];
    const appliedCount = await takeIn(tx, { messages, judgements }, now);
    return { appliedCount, staleCount: messages.length - appliedCount, parkedCount: parked.length };
  });
}

/** What a batch says. */
export type ReadBatch = { messages: Message[]; judgements: Judgement[]; unreadable: ParkedEvent[] };

/** The facts and judgements of a batch, and what cannot be read of it. */
export function readBatch({
  topic,
  partition,
  records,
}: {
  topic: string;
  partition: number;
  records: readonly Pick<ConsumedBatch['records'][number], 'key' | 'value' | 'offset'>[];
}): ReadBatch {
  const messages: Message[] = [];
  const judgements: Judgement[] = [];
  const unreadable: ParkedEvent[] = [];
  for (const { key, value, offset } of records) {
    try {
      if (!value) throw new Error('the message has no value');
      const read = readMessage(topic, value);
      if (read && 'judgement' in read) judgements.push(read.judgement);
      else if (read) messages.push(read);
    } catch (err) {
      unreadable.push({ topic, partition, offset, key, value, error: (err as Error).message });
    }
  }
  return { messages, judgements, unreadable };
}

function readMessage(topic: string, value: Buffer): Read | undefined {
  if (topic === topics.checks) {
    const check = readCloudEvent('check', value);
    const judgement = judgementOfCheck(check);
    return judgement ? { judgement } : { fact: factOfCheck(check) };
  }
  const outcome = readCloudEvent('outcome', value);
  const fact = factOfOutcome(outcome);
  return fact && { fact, outcome };
}

/**
 * Folds what was read; `relyOnLives`, or with judgements `changeLives`, comes first.
 *
 * @returns how many facts were news
 */
export async function takeIn(
  tx: Db,
  { messages, judgements }: Omit<ReadBatch, 'unreadable'>,
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
    const state = states.get(keyOf(fact))!;
    const changes = fold(state, fact);
    if (!changes) continue;
    appliedCount += 1;
    states.set(keyOf(fact), applyChanges(state, fact, changes));
    for (const failure of changes) changed.set(failure.name, failure);
    const { source, subject, about, seq, time: seenTime } = fact;
    lastSeqs.set(`${keyOf(fact)}\n${about}`, { source, subject, about, seq, seenTime });
    if (outcome) counted.push(outcome);
  }
  await upsertSubjects(tx, [...lastSeqs.values()]);
  await upsertFailures(tx, await settleChanged(tx, [...changed.values()], now));
  await countOutcomes(tx, counted);
  return appliedCount;
}

async function loadSubjects(tx: Db, messages: Message[]): Promise<Map<string, SubjectState>> {
  const keys = [...new Map(messages.map(({ fact }) => [keyOf(fact), fact])).values()];
  const seqs = Map.groupBy(await findSubjects(tx, keys), keyOf);
  const failures = Map.groupBy(await findFailuresOfSubjects(tx, keys), keyOf);
  return new Map(
    keys.map(keyOf).map((key) => [
      key,
      {
        lastSeqs: new Map(seqs.get(key)?.map(({ about, seq }) => [about, seq])),
        failures: new Map(failures.get(key)?.map((failure) => [failure.name, failure])),
      },
    ]),
  );
}

function keyOf({ source, subject }: { source: string; subject: string }): string {
  return `${source}\n${subject}`;
}

/** Our own check of the topics we read: 12005 is an unexpected error in the failure reporter. */
function factOfParked({ topic, partition, offset, error }: ParkedEvent, now: Date): Fact {
  return ownCheck(now, { passed: false, detail: `${topic}/${partition} offset ${offset}: ${error}` });
}

/** A check by this service of the messages it gets, which needs no way over Kafka. */
export function ownCheck(now: Date, { passed, detail }: { passed: boolean; detail: string }): Fact {
  return factOfCheck({
    source: 'failure-reporter',
    subject: OWN_SUBJECT,
    seq: BigInt(now.getTime()) * 1000n,
    occurTime: now,
    passed,
    code: '12005',
    reason: 'EVENT_UNREADABLE',
    detail,
    nextAttemptTime: undefined,
  });
}

/** Says that all messages can be read again: nothing is parked any more. */
export async function resolveParked(pool: Pool, now: Date): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await relyOnLives(tx);
    await lockFacts(tx, OWN_SUBJECT);
    await foldMessages(tx, [{ fact: ownCheck(now, { passed: true, detail: '' }) }], now);
  });
}
