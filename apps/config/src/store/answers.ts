import type { Db } from '@autoprov/postgres';

/** A request that may be repeated. */
export type RepeatableRequest = { caller: string; requestId: string };

/** What was answered to it. */
export type Answer = { requestDigest: Buffer; response: Buffer };

const KEPT_MS = 24 * 3_600_000;

/** The answer to a request of the last 24 hours; undefined: it is new. A repeat at the same time waits until this transaction ends. */
export async function findAnswer(
  tx: Db,
  { caller, requestId }: RepeatableRequest,
  now: Date,
): Promise<Answer | undefined> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`${caller} ${requestId}`]);
  const { rows } = await tx.query<Answer>(
    `select request_digest as "requestDigest", response from answers
     where caller = $1 and request_id = $2 and create_time > $3`,
    [caller, requestId, new Date(now.getTime() - KEPT_MS)],
  );
  return rows[0];
}

/** Keeps the answer to a request, over an old one that is no longer given. */
export async function saveAnswer(
  tx: Db,
  { caller, requestId }: RepeatableRequest,
  { requestDigest, response }: Answer,
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into answers (caller, request_id, request_digest, response, create_time) values ($1, $2, $3, $4, $5)
     on conflict (caller, request_id) do update
       set request_digest = excluded.request_digest, response = excluded.response, create_time = excluded.create_time`,
    [caller, requestId, requestDigest, response, now],
  );
}

/** Forgets what is no longer given. */
export async function deleteOldAnswers(db: Db, now: Date): Promise<void> {
  await db.query(`delete from answers where create_time <= $1`, [new Date(now.getTime() - KEPT_MS)]);
}
