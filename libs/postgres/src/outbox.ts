import type { Db } from './connect.ts';

/** One Kafka record to be; records of one `partitionKey` share a partition, a null `value` is a tombstone. */
export type OutboxRecord = {
  topic: string;
  partitionKey: string;
  key: string;
  value: Buffer | null;
  headers: Record<string, string>;
};

/** Adds records to the outbox, in this order. Give the transaction whose change they announce. */
export async function addToOutbox(tx: Db, records: OutboxRecord[]): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `insert into outbox (topic, partition_key, key, value, headers)
     select topic, partition_key, key, value, headers
     from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::jsonb[])
       with ordinality as record (topic, partition_key, key, value, headers, position)
     order by position`,
    [
      records.map((record) => record.topic),
      records.map((record) => record.partitionKey),
      records.map((record) => record.key),
      records.map((record) => record.value),
      records.map((record) => record.headers),
    ],
  );
}

/** What waits in the outbox: for metrics, and an alert on the age. */
export async function outboxStatus(db: Db): Promise<{ pendingCount: number; oldestAgeMs: number }> {
  const { rows } = await db.query<{ pendingCount: number; oldestAgeMs: number }>(
    `select count(*)::int as "pendingCount",
            coalesce(extract(epoch from clock_timestamp() - min(create_time)) * 1000, 0)::float8 as "oldestAgeMs"
     from outbox`,
  );
  return rows[0]!;
}

/** The oldest rows, at most `limit`, in the order they were added. */
export async function readOutbox(db: Db, limit: number): Promise<(OutboxRecord & { id: bigint })[]> {
  const { rows } = await db.query<OutboxRecord & { id: bigint }>(
    `select id, topic, partition_key as "partitionKey", key, value, headers from outbox order by id limit $1`,
    [limit],
  );
  return rows;
}

/** Removes exactly these rows; rows of transactions that commit late keep their place, whatever their id. */
export async function deleteFromOutbox(db: Db, ids: bigint[]): Promise<void> {
  await db.query(`delete from outbox where id = any($1::bigint[])`, [ids]);
}
