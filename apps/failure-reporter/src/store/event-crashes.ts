import type { Db } from '@autoprov/postgres';
import type { ParkedEventKey } from './parked-events.ts';

/** Counts that taking in this message has crashed; answers how often it has by now. */
export async function countCrash(db: Db, { topic, partition, offset }: ParkedEventKey): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `insert into event_crashes as known (topic, partition, message_offset, crash_count) values ($1, $2, $3, 1)
     on conflict (topic, partition, message_offset)
       do update set crash_count = known.crash_count + 1, crash_time = clock_timestamp()
     returning crash_count as count`,
    [topic, partition, offset],
  );
  return rows[0]!.count;
}

export async function forgetCrashes(tx: Db, { topic, partition, offset }: ParkedEventKey): Promise<void> {
  await tx.query(`delete from event_crashes where topic = $1 and partition = $2 and message_offset = $3`, [
    topic,
    partition,
    offset,
  ]);
}

/** Forgets crashes before this time, at most `limit`; answers how many. */
export async function deleteOldCrashes(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from event_crashes where ctid = any(array(select ctid from event_crashes where crash_time < $1 limit $2))`,
    [before, limit],
  );
  return rowCount;
}
