import type { ConsumedBatch } from '@autoprov/kafka';
import { inTransaction, isTransient } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { parkAfterCrashes, parkEvents } from './park.ts';
import { readBatch } from './read-batch.ts';
import { changeLives, relyOnLives } from './store/setups.ts';
import { lockFacts } from './store/subjects.ts';
import { takeIn } from './take-in.ts';

/** How many messages of a batch were news, came again, and were put aside. */
export type Ingested = { appliedCount: number; staleCount: number; parkedCount: number };

type IngestContext = Pick<ReporterContext, 'pool' | 'now' | 'logger'>;

/**
 * Folds a batch of outcomes or checks into the failures, in one transaction. A message that cannot be read is parked,
 * which is a failure of its own, and the batch goes on; so is one that has crashed three processes.
 *
 * @throws what crashed, at which the process is to end, so that the batch comes again
 */
export async function ingestBatch(ctx: IngestContext, batch: ConsumedBatch): Promise<Ingested> {
  try {
    return await ingestAtOnce(ctx, batch);
  } catch (err) {
    if (isTransient(err)) throw err;
    const { topic, partition } = batch;
    ctx.logger.error({ err, topic, partition }, 'a batch crashed: its messages are taken in one by one');
    return ingestOneByOne(ctx, batch);
  }
}

async function ingestAtOnce({ pool, now }: IngestContext, batch: ConsumedBatch): Promise<Ingested> {
  const { messages, judgements, unreadable } = readBatch(batch);
  return inTransaction(pool, async (tx) => {
    await (judgements.length > 0 ? changeLives(tx) : relyOnLives(tx));
    await lockFacts(tx, `${batch.topic}/${batch.partition}`);
    const appliedCount = await takeIn(tx, { messages, judgements }, now());
    const parkedCount = await parkEvents(tx, unreadable, 'EVENT_UNREADABLE', now());
    return { appliedCount, staleCount: messages.length - appliedCount, parkedCount };
  });
}

/** Finds the message that crashes. Those before it are taken in, and change nothing when the batch comes again. */
async function ingestOneByOne(ctx: IngestContext, { records, ...at }: ConsumedBatch): Promise<Ingested> {
  const sum: Ingested = { appliedCount: 0, staleCount: 0, parkedCount: 0 };
  for (const record of records) {
    try {
      const { appliedCount, staleCount, parkedCount } = await ingestAtOnce(ctx, { ...at, records: [record] });
      sum.appliedCount += appliedCount;
      sum.staleCount += staleCount;
      sum.parkedCount += parkedCount;
    } catch (err) {
      if (isTransient(err)) throw err;
      const { key, value, offset } = record;
      sum.parkedCount += await parkAfterCrashes(ctx.pool, { ...at, key, value, offset }, err, ctx.now());
    }
  }
  return sum;
}
