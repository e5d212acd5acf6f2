import { topics } from '@autoprov/kafka';
import { addToOutbox, inTransaction } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { resolveParked } from './ingest.ts';
import { deleteOldCounters } from './store/counters.ts';
import { deleteEndedFailures } from './store/failures.ts';
import { deleteOldJudgements } from './store/judgements.ts';
import { deleteOldParkedEvents, hasParkedEvents } from './store/parked-events.ts';
import { deleteOldSubjects } from './store/subjects.ts';

const DAY_MS = 24 * 3_600_000;
/** Twice the 14 days for which the topics of facts keep their messages, so that none comes after it is forgotten. */
const KEEP_ENDED_DAYS = 30;
const KEEP_COUNTERS_DAYS = 400;
const PAGE_SIZE = 1000;

/** Forgets what is old; a failure that ended 30 days ago also leaves the topic. */
export async function sweep(ctx: ReporterContext, signal: AbortSignal): Promise<void> {
  const endedBefore = daysBefore(ctx.now(), KEEP_ENDED_DAYS);
  let more = true;
  while (more && !signal.aborted) more = (await removeEndedFailures(ctx, endedBefore)) === PAGE_SIZE;
  await deleteOldJudgements(ctx.pool, endedBefore);
  await deleteOldSubjects(ctx.pool, endedBefore);
  await deleteOldCounters(ctx.pool, daysBefore(ctx.now(), KEEP_COUNTERS_DAYS));
  await deleteOldParkedEvents(ctx.pool, endedBefore);
  if (!(await hasParkedEvents(ctx.pool))) await resolveParked(ctx.pool, ctx.now());
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
