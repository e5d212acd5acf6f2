import type { Outcome } from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';

/** What was sent for one person, or was to be, and what came of it. */
export type Attempt = Pick<Outcome, 'action' | 'result' | 'code' | 'reason' | 'detail' | 'setupRevision'> & {
  attemptedAt: Date;
  /** Why, as decided. */
  explanation: string;
  nextAttemptAt: Date | null;
};

/** Keeps outcomes, each with why it was to be. */
export async function saveAttempts(
  tx: Db,
  app: AppKey,
  attempts: readonly { userId: string; outcome: Outcome; explanation: string }[],
): Promise<void> {
  const rows = attempts.map(({ userId, outcome, explanation }) => {
    const { occurTime, action, result, code, reason, detail, setupRevision, nextAttemptTime } = outcome;
    const revision = setupRevision.toString();
    return { userId, occurTime, action, result, code, reason, detail, explanation, revision, nextAttemptTime };
  });
  await tx.query(
    `insert into attempts (customer_id, app_id, user_id, attempted_at, action, result, code, reason, detail, explanation,
       setup_revision, next_attempt_at)
     select $1, $2, "userId", "occurTime", action, result, code, reason, detail, explanation, revision, "nextAttemptTime"
     from jsonb_to_recordset($3) as given ("userId" text, "occurTime" timestamptz, action int, result int, code text,
       reason text, detail text, explanation text, revision bigint, "nextAttemptTime" timestamptz)`,
    [app.customerId, app.appId, JSON.stringify(rows)],
  );
}

/** The attempts for one person within a time, the oldest first; the last `limit` of them. */
export async function listAttempts(
  db: Db,
  app: AppKey,
  userId: string,
  { from, to, limit }: { from: Date; to: Date; limit: number },
): Promise<Attempt[]> {
  const { rows } = await db.query<Attempt>(
    `select attempted_at as "attemptedAt", action, result, code, reason, detail, explanation,
       setup_revision as "setupRevision", next_attempt_at as "nextAttemptAt"
     from attempts
     where customer_id = $1 and app_id = $2 and user_id = $3 and attempted_at >= $4 and attempted_at <= $5
     order by attempted_at desc limit $6`,
    [app.customerId, app.appId, userId, from, to, limit],
  );
  return rows.toReversed();
}
