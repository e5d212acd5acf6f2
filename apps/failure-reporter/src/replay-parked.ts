import { inTransaction, isTransient, type Db } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { resolveParked } from './park.ts';
import { readBatch } from './read-batch.ts';
import { changeLives } from './store/setups.ts';
import { deleteParkedEvents, findParkedKeys, lockParkedEvents, type ParkedEventKey } from './store/parked-events.ts';
import { takeIn } from './take-in.ts';

const PAGE_SIZE = 500;

/** How many parked messages could be taken in now, and how many still cannot. */
export type Replayed = { replayedCount: number; unreadableCount: number };

/**
 * Reads parked messages again. What can be read now is folded as if it came late, and is parked no more; when nothing is
 * left, 12005 is resolved at once.
 *
 * @param keys which; none: all
 */
export async function replayParked(ctx: ReporterContext, keys: ParkedEventKey[]): Promise<Replayed> {
  const sum: Replayed = { replayedCount: 0, unreadableCount: 0 };
  const findPage = (after?: ParkedEventKey) => findParkedKeys(ctx.pool, { keys, after, limit: PAGE_SIZE });
  for (let page = await findPage(); page.length > 0; page = await findPage(page.at(-1))) {
    const { replayedCount, unreadableCount } = await replayPage(ctx, page);
    sum.replayedCount += replayedCount;
    sum.unreadableCount += unreadableCount;
  }
  await resolveParked(ctx.pool, ctx.now());
  ctx.wakePublishing();
  return sum;
}

/** In one transaction; where that crashes, each alone, and what still crashes stays parked. */
async function replayPage(ctx: ReporterContext, keys: ParkedEventKey[]): Promise<Replayed> {
  try {
    return await inTransaction(ctx.pool, (tx) => replay(tx, keys, ctx.now()));
  } catch (err) {
    if (isTransient(err)) throw err;
    if (keys.length === 1) {
      ctx.logger.warn({ err, ...keys[0] }, 'a parked message still crashes: it stays parked');
      return { replayedCount: 0, unreadableCount: 1 };
    }
    const sum: Replayed = { replayedCount: 0, unreadableCount: 0 };
    for (const key of keys) {
      const { replayedCount, unreadableCount } = await replayPage(ctx, [key]);
      sum.replayedCount += replayedCount;
      sum.unreadableCount += unreadableCount;
    }
    return sum;
  }
}

async function replay(tx: Db, keys: ParkedEventKey[], now: Date): Promise<Replayed> {
  // They may hold judgements.
  await changeLives(tx);
  const events = await lockParkedEvents(tx, keys);
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
  return { replayedCount: events.length - unreadableCount, unreadableCount };
}
