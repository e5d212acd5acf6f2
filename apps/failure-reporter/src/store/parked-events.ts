import type { Db } from '@autoprov/postgres';

/** Where a message was. */
export type ParkedEventKey = { topic: string; partition: number; offset: string };

/** A row of `parked_events`. */
export type ParkedEvent = ParkedEventKey & {
  key: string;
  value: Buffer | null;
  error: string;
};

/** Keeps messages that cannot be taken in; answers those that were not kept before. */
export async function insertParkedEvents(tx: Db, events: ParkedEvent[]): Promise<ParkedEvent[]> {
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

/** Forgets what was parked before this time, at most `limit`; answers how many. */
export async function deleteOldParkedEvents(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from parked_events where ctid = any(array(select ctid from parked_events where park_time < $1 limit $2))`,
    [before, limit],
  );
  return rowCount;
}

export async function hasParkedEvents(db: Db): Promise<boolean> {
  const { rows } = await db.query(`select from parked_events limit 1`);
  return rows.length > 0;
}

/** The newest, their values cut to `bytes`, and how many there are. */
export async function listParkedEvents(
  db: Db,
  limit: number,
  bytes: number,
): Promise<{ events: (ParkedEvent & { parkTime: Date })[]; total: bigint }> {
  const { rows } = await db.query<ParkedEvent & { parkTime: Date; total: bigint }>(
    `select topic, partition, message_offset::text as offset, key, substr(value, 1, $2) as value, error,
       park_time as "parkTime", count(*) over () as total
     from parked_events order by park_time desc, topic, partition, message_offset limit $1`,
    [limit, bytes],
  );
  return { events: rows, total: rows[0]?.total ?? 0n };
}

/** A page of the keys, in the order of topic, partition and offset; no keys: of all there are. */
export async function findParkedKeys(
  db: Db,
  { keys, after, limit }: { keys: ParkedEventKey[]; after: ParkedEventKey | undefined; limit: number },
): Promise<ParkedEventKey[]> {
  const { rows } = await db.query<ParkedEventKey>(
    `select topic, partition, message_offset::text as offset from parked_events
     where ($1 or (topic, partition, message_offset) in (select * from unnest($2::text[], $3::int[], $4::bigint[])))
       and ($5::text is null or (topic, partition, message_offset) > ($5, $6::int, $7::bigint))
     order by topic, partition, message_offset limit $8`,
    [keys.length === 0, ...columnsOf(keys), after?.topic, after?.partition, after?.offset, limit],
  );
  return rows;
}

/** These messages in the order of topic, partition and offset, locked. */
export async function lockParkedEvents(tx: Db, keys: ParkedEventKey[]): Promise<ParkedEvent[]> {
  const { rows } = await tx.query<ParkedEvent>(
    `select topic, partition, message_offset::text as offset, key, value, error from parked_events
     where (topic, partition, message_offset) in (select * from unnest($1::text[], $2::int[], $3::bigint[]))
     order by topic, partition, message_offset for update`,
    columnsOf(keys),
  );
  return rows;
}

export async function deleteParkedEvents(tx: Db, keys: ParkedEventKey[]): Promise<void> {
  await tx.query(
    `delete from parked_events
     where (topic, partition, message_offset) in (select * from unnest($1::text[], $2::int[], $3::bigint[]))`,
    columnsOf(keys),
  );
}

function columnsOf(keys: ParkedEventKey[]) {
  return [keys.map(({ topic }) => topic), keys.map(({ partition }) => partition), keys.map(({ offset }) => offset)];
}
