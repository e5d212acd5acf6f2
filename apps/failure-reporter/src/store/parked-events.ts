import type { Db } from '@autoprov/postgres';

/** A row of `parked_events`. */
export type ParkedEvent = {
  topic: string;
  partition: number;
  offset: string;
  key: string;
  value: Buffer | null;
  error: string;
};

/** Keeps messages that cannot be read; answers those that were not kept before. */
export async function parkEvents(tx: Db, events: ParkedEvent[]): Promise<ParkedEvent[]> {
  const { rows } = await tx.query<ParkedEvent>(
    `insert into parked_events (topic, partition, message_offset, key, value, error)
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bytea[], $6::text[])
     on conflict do nothing
     returning topic, partition, message_offset::text as offset, key, value, error`,
    [
      events.map(({ topic }) => topic),
      events.map(({ partition }) => partition),
      events.map(({ offset }) => offset),
      events.map(({ key }) => key),
      events.map(({ value }) => value),
      events.map(({ error }) => error),
    ],
  );
  return rows;
}

export async function deleteOldParkedEvents(db: Db, before: Date): Promise<void> {
  await db.query(`delete from parked_events where park_time < $1`, [before]);
}

export async function hasParkedEvents(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>(`select exists (select from parked_events) as any`);
  return rows[0]!.any;
}
