import { inTransaction, type Db, type Pool } from '@autoprov/postgres';
import { factOfCheck } from './domain/fact.ts';
import { countCrash, forgetCrashes } from './store/event-crashes.ts';
import { hasParkedEvents, insertParkedEvents, type ParkedEvent } from './store/parked-events.ts';
import { relyOnLives } from './store/setups.ts';
import { findSubjects, lockFacts } from './store/subjects.ts';
import { takeIn } from './take-in.ts';

/** This service's own check of the messages it gets: 12005 is an unexpected error in the failure reporter. */
const ownCheck = { source: 'failure-reporter', subject: 'installation', code: '12005' };
const CRASHES_MAX = 3;

/** Why a message is put aside. */
export type ParkReason = 'EVENT_UNREADABLE' | 'EVENT_CRASHED';

/**
 * Puts messages aside, which opens 12005; `relyOnLives` or `changeLives` comes first.
 *
 * @returns how many were not aside before
 */
export async function parkEvents(tx: Db, events: ParkedEvent[], reason: ParkReason, now: Date): Promise<number> {
  if (events.length === 0) return 0;
  await lockFacts(tx, ownCheck.subject);
  const parked = await insertParkedEvents(tx, events.map(clean));
  const first = parked[0];
  if (first) {
    const { topic, partition, offset, error } = first;
    await tell(tx, { passed: false, reason, detail: `${topic}/${partition} offset ${offset}: ${error}` }, now);
  }
  return parked.length;
}

/**
 * Counts that taking in a message has crashed. The third time it is put aside; before that the process is to end, since a
 * new one may get on with it.
 *
 * @throws err the first two times
 */
export async function parkAfterCrashes(pool: Pool, event: Omit<ParkedEvent, 'error'>, err: unknown, now: Date) {
  const crashCount = await countCrash(pool, event);
  if (crashCount < CRASHES_MAX) throw err;
  const error = `crashed ${crashCount} times: ${err instanceof Error ? err.message : String(err)}`;
  return inTransaction(pool, async (tx) => {
    await relyOnLives(tx);
    await forgetCrashes(tx, event);
    return parkEvents(tx, [{ ...event, error }], 'EVENT_CRASHED', now);
  });
}

/** Ends 12005 where nothing is parked any more. */
export async function resolveParked(pool: Pool, now: Date): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await relyOnLives(tx);
    // Looked up under the lock under which others park: what they park is seen here, or opens 12005 after this.
    await lockFacts(tx, ownCheck.subject);
    if (!(await hasParkedEvents(tx))) await tell(tx, { passed: true, reason: '', detail: '' }, now);
  });
}

/** The check is taken in at once, with no way over Kafka. */
async function tell(tx: Db, said: { passed: boolean; reason: string; detail: string }, now: Date): Promise<void> {
  const known = await findSubjects(tx, [ownCheck]);
  // Higher than what was said last, also where another replica's clock is ahead.
  const seqs = [BigInt(now.getTime()) * 1000n, ...known.map(({ seq }) => seq + 1n)];
  const seq = seqs.reduce((highest, it) => (it > highest ? it : highest));
  const fact = factOfCheck({ ...ownCheck, ...said, seq, occurTime: now, nextAttemptTime: undefined });
  await takeIn(tx, { messages: [{ fact }], judgements: [] }, now);
}

/** PostgreSQL keeps any text but that with U+0000 in it; the value is kept as bytes, whatever it is. */
function clean(event: ParkedEvent): ParkedEvent {
  return { ...event, key: event.key.replaceAll('\0', '\uFFFD'), error: event.error.replaceAll('\0', '\uFFFD') };
}
