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

/** Keeps an outcome, with why it was to be. */
export async function saveAttempt(
  tx: Db,
  app: AppKey,
  userId: string,
  outcome: Outcome,
  explanation: string,
): Promise<void> {
  await tx.query(
    `insert into attempts (customer_id, app_id, user_id, attempted_at, action, result, code, reason, detail, explanation,
       setup_revision, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      app.customerId,
      app.appId,
      userId,
      outcome.occurTime,
      outcome.action,
      outcome.result,
      outcome.code,
      outcome.reason,
      outcome.detail,
      explanation,
      outcome.setupRevision,
      outcome.nextAttemptTime ?? null,
    ],
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
