import { topics } from '@autoprov/kafka';
import { addToOutbox, inTransaction } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { resolveParked } from './park.ts';
import { deleteOldCounters } from './store/counters.ts';
import { deleteOldCrashes } from './store/event-crashes.ts';
import { deleteEndedFailures } from './store/failures.ts';
import { deleteEndedMutes } from './store/mutes.ts';
import { deleteOldJudgements } from './store/judgements.ts';
import { deleteOldParkedEvents } from './store/parked-events.ts';
import { deleteOldSubjects } from './store/subjects.ts';

const DAY_MS = 24 * 3_600_000;
/** Twice the 14 days for which the topics of facts keep their messages, so that none comes after it is forgotten. */
const KEEP_ENDED_DAYS = 30;
const KEEP_COUNTERS_DAYS = 400;
const PAGE_SIZE = 1000;

/** Forgets what is old, page by page; a failure that ended 30 days ago also leaves the topic. */
export async function sweep(ctx: ReporterContext, signal: AbortSignal): Promise<void> {
  const { pool } = ctx;
  const ended = daysBefore(ctx.now(), KEEP_ENDED_DAYS);
  const pages = [
    () => removeEndedFailures(ctx, ended),
    () => deleteOldJudgements(pool, ended, PAGE_SIZE),
    () => deleteOldSubjects(pool, ended, PAGE_SIZE),
    () => deleteOldCounters(pool, daysBefore(ctx.now(), KEEP_COUNTERS_DAYS), PAGE_SIZE),
    () => deleteOldParkedEvents(pool, ended, PAGE_SIZE),
    () => deleteOldCrashes(pool, ended, PAGE_SIZE),
    () => deleteEndedMutes(pool, ctx.now(), PAGE_SIZE),
  ];
  for (const deletePage of pages) {
    let more = true;
    while (more && !signal.aborted) more = (await deletePage()) > 0;
  }
  await resolveParked(pool, ctx.now());
}

async function removeEndedFailures(ctx: ReporterContext, before: Date): Promise<number> {
  const count = await inTransaction(ctx.pool, async (tx) => {
    const names = await deleteEndedFailures(tx, before, PAGE_SIZE);
    await addToOutbox(
      tx,
      names.map((name) => ({ topic: topics.failures, partitionKey: name, key: name, value: null, headers: {} })),
    );
    return names.length;
  });
  if (count > 0) ctx.relay.wake();
  return count;
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * DAY_MS);
}
