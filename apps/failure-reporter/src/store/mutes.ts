import type { Db } from '@autoprov/postgres';

/** Of what a recipient is not told. */
export type Mute = { recipient: string; causeId: string; endTime: Date; note: string };

export async function saveMute(db: Db, { recipient, causeId, endTime, note }: Mute): Promise<void> {
  await db.query(
    `insert into mutes (recipient, cause_id, end_time, note) values ($1, $2, $3, $4)
     on conflict (recipient, cause_id) do update set end_time = excluded.end_time, note = excluded.note`,
    [recipient, causeId, endTime, note],
  );
}

export async function deleteMute(db: Db, recipient: string, causeId: string): Promise<void> {
  await db.query(`delete from mutes where recipient = $1 and cause_id = $2`, [recipient, causeId]);
}

/** Those in effect. */
export async function findMutes(db: Db, now: Date): Promise<Mute[]> {
  const { rows } = await db.query<Mute>(
    `select recipient, cause_id as "causeId", end_time as "endTime", note from mutes where end_time > $1`,
    [now],
  );
  return rows;
}

/** Forgets those that have ended, at most `limit`; answers how many. */
export async function deleteEndedMutes(db: Db, now: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from mutes where ctid = any(array(select ctid from mutes where end_time <= $1 limit $2))`,
    [now, limit],
  );
  return rowCount;
}
