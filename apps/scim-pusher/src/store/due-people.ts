// When people are decided although nothing of them changed: accounts.due_at.
import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';

/** People whose retry or timer is due. */
export async function listDueUsers(db: Db, app: AppKey, now: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ userId: string }>(
    `select user_id as "userId" from accounts
     where customer_id = $1 and app_id = $2 and due_at <= $3 order by due_at limit $4`,
    [app.customerId, app.appId, now, limit],
  );
  return rows.map((row) => row.userId);
}

/** Makes people due whose last push failed; answers how many. */
export async function wakeFailing(
  db: Db,
  app: AppKey,
  { userIds, code, reason, now }: { userIds: readonly string[]; code: string; reason: string; now: Date },
): Promise<bigint> {
  const { rowCount } = await db.query(
    `update accounts set due_at = $6
     where customer_id = $1 and app_id = $2 and failure_code is not null
       and (cardinality($3::text[]) = 0 or user_id = any($3))
       and (failure_code = $4 or $4 = '') and (failure_reason = $5 or $5 = '')`,
    [app.customerId, app.appId, userIds, code, reason, now],
  );
  return BigInt(rowCount);
}

/** Decides these people again at a time, and no later. */
export async function wakePeople(tx: Db, app: AppKey, userIds: readonly string[], dueAt: Date): Promise<void> {
  await tx.query(
    `update accounts set due_at = least(due_at, $4) where customer_id = $1 and app_id = $2 and user_id = any($3)`,
    [app.customerId, app.appId, userIds, dueAt],
  );
}

/** Makes everybody due who waits for one of these addresses or ids to have an account. */
export async function wakeParked(tx: Db, app: AppKey, references: readonly string[], now: Date): Promise<void> {
  await tx.query(
    `update accounts set due_at = least(due_at, $4)
     where customer_id = $1 and app_id = $2 and parked && $3::text[]`,
    [app.customerId, app.appId, references, now],
  );
}

/** Makes everybody due whose account names another one, which is gone, as the manager's. */
export async function wakeReferring(tx: Db, app: AppKey, scimId: string, now: Date): Promise<void> {
  await tx.query(
    `update accounts set due_at = least(due_at, $4)
     where customer_id = $1 and app_id = $2 and state in ('active', 'suspended')
       and jsonb_path_query_array(accepted, '$.*.manager.value') @> jsonb_build_array($3::text)`,
    [app.customerId, app.appId, scimId, now],
  );
}
