import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';

/** Somebody who is waited for; the number tells a wish from a later one. */
export type UrgentUser = { userId: string; askedAt: Date };

/** Has people decided before all others. */
export async function saveUrgentUsers(db: Db, app: AppKey, userIds: readonly string[]): Promise<void> {
  await db.query(
    `insert into urgent_users (customer_id, app_id, user_id) select $1, $2, user_id from unnest($3::text[]) as user_id
     on conflict (customer_id, app_id, user_id) do update set asked_at = clock_timestamp()`,
    [app.customerId, app.appId, userIds],
  );
}

/** Those who wait longest. */
export async function listUrgentUsers(db: Db, { customerId, appId }: AppKey, limit: number): Promise<UrgentUser[]> {
  const { rows } = await db.query<UrgentUser>(
    `select user_id as "userId", asked_at as "askedAt" from urgent_users
     where customer_id = $1 and app_id = $2 order by asked_at limit $3`,
    [customerId, appId, limit],
  );
  return rows;
}

/** Of these people, those who still wait. */
export async function findUrgentUsers(db: Db, app: AppKey, userIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ userId: string }>(
    `select user_id as "userId" from urgent_users where customer_id = $1 and app_id = $2 and user_id = any($3)`,
    [app.customerId, app.appId, userIds],
  );
  return new Set(rows.map(({ userId }) => userId));
}

/** They have had their turn, or nobody waits any more; who was asked for again since stays. */
export async function deleteUrgentUsers(
  db: Db,
  { customerId, appId }: AppKey,
  users: readonly UrgentUser[],
): Promise<void> {
  await db.query(
    `delete from urgent_users u using unnest($3::text[], $4::timestamptz[]) as served (user_id, asked_at)
     where u.customer_id = $1 and u.app_id = $2 and u.user_id = served.user_id
       and date_trunc('milliseconds', u.asked_at) <= served.asked_at`,
    [customerId, appId, users.map(({ userId }) => userId), users.map(({ askedAt }) => askedAt)],
  );
}
