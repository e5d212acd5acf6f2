import { inTransaction, type Db } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { readBatch, resolveParked, takeIn } from './ingest.ts';
import { changeLives } from './store/setups.ts';
import {
  deleteParkedEvents,
  hasParkedEvents,
  lockParkedEvents,
  type ParkedEvent,
  type ParkedEventKey,
} from './store/parked-events.ts';

const PAGE_SIZE = 500;

/** How many parked messages could be read now, and how many still cannot. */
export type Replayed = { replayedCount: number; unreadableCount: number };

/**
 * Reads parked messages again. What can be read now is folded as if it came late, and is parked no more; when nothing is
 * left, 12005 EVENT_UNREADABLE is resolved at once.
 *
 * @param keys which; none: all
 */
export async function replayParked(ctx: ReporterContext, keys: ParkedEventKey[]): Promise<Replayed> {
  const sum: Replayed = { replayedCount: 0, unreadableCount: 0 };
  let after: ParkedEventKey | undefined;
  let more = true;
  while (more) {
    const page = await inTransaction(ctx.pool, async (tx) => {
      const events = await lockParkedEvents(tx, { keys, after, limit: PAGE_SIZE });
      return { events, unreadableCount: await replay(tx, events, ctx.now()) };
    });
    sum.replayedCount += page.events.length - page.unreadableCount;
    sum.unreadableCount += page.unreadableCount;
    after = page.events.at(-1);
    more = page.events.length === PAGE_SIZE;
  }
  if (!(await hasParkedEvents(ctx.pool))) await resolveParked(ctx.pool, ctx.now());
  ctx.wakePublishing();
  return sum;
}

/** @returns how many cannot be read */
async function replay(tx: Db, events: ParkedEvent[], now: Date): Promise<number> {
  // They may hold judgements.
  await changeLives(tx);
  let unreadableCount = 0;
  const partitions = Map.groupBy(events, ({ topic, partition }) => `${topic}/${partition}`);
  for (const records of partitions.values()) {
    const { topic, partition } = records[0]!;
    const read = readBatch({ topic, partition, records });
    await takeIn(tx, read, now);
    const stillParked = new Set(read.unreadable.map(({ offset }) => offset));
    unreadableCount += stillParked.size;
    await deleteParkedEvents(
      tx,
      records.filter(({ offset }) => !stillParked.has(offset)),
    );
  }
  return unreadableCount;
}
