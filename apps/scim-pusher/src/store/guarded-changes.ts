import type { Db } from '@autoprov/postgres';
import type { Danger } from '../domain/guard.ts';
import type { AppKey } from '../domain/model.ts';

/** How much of its limits an app has used. */
export type GuardUsage = {
  /** Active accounts, with those that lost access within the window. */
  accountCount: number;
  /** People, by danger: changes let go within the window, and those held. */
  used: Record<Danger, number>;
};

/** Remembers dangerous changes of a person that were let go without an approval, and that were done or may have been. */
export async function saveGuardedChanges(
  tx: Db,
  app: AppKey,
  userId: string,
  dangers: readonly Danger[],
  now: Date,
): Promise<void> {
  if (dangers.length === 0) return;
  await tx.query(
    `insert into guarded_changes (customer_id, app_id, user_id, danger, accepted_at)
     select $1, $2, $3, danger, $4 from unnest($5::text[]) as danger`,
    [app.customerId, app.appId, userId, now, dangers],
  );
}

/** Remembers that an account that had vanished is made anew. */
export async function saveVanished(tx: Db, app: AppKey, userId: string, now: Date): Promise<void> {
  await tx.query(
    `insert into guarded_changes (customer_id, app_id, user_id, danger, accepted_at) values ($1, $2, $3, 'vanished', $4)`,
    [app.customerId, app.appId, userId, now],
  );
}

/** How many people's accounts, vanished, were made anew since a time. */
export async function countVanished(db: Db, app: AppKey, since: Date): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(distinct user_id)::int as count from guarded_changes
     where customer_id = $1 and app_id = $2 and danger = 'vanished' and accepted_at > $3`,
    [app.customerId, app.appId, since],
  );
  return rows[0]!.count;
}

/** What the guard counts, in people: whoever was tried twice counts once. */
export async function readGuardUsage(db: Db, app: AppKey, since: Date): Promise<GuardUsage> {
  const { rows } = await db.query<Record<Danger | 'accountCount', number>>(
    `with counted as (
       select danger, user_id, true as let_go from guarded_changes
       where customer_id = $1 and app_id = $2 and accepted_at > $3
       union all
       select danger, user_id, false from held_actions
       where customer_id = $1 and app_id = $2 and end_no is null and approval_no is null and not protected
     )
     select
       (select count(*) from accounts where customer_id = $1 and app_id = $2 and state = 'active')::int
         + (count(distinct user_id) filter (where danger = 'access' and let_go and not exists (
             select from accounts where customer_id = $1 and app_id = $2
               and accounts.user_id = counted.user_id and state = 'active')))::int as "accountCount",
       (count(distinct user_id) filter (where danger = 'access'))::int as access,
       (count(distinct user_id) filter (where danger = 'identity'))::int as identity,
       (count(distinct user_id) filter (where danger = 'clearing'))::int as clearing,
       (count(distinct user_id) filter (where danger = 'membership'))::int as membership
     from counted`,
    [app.customerId, app.appId, since],
  );
  const { accountCount, ...used } = rows[0]!;
  return { accountCount, used };
}

/** Which dangers of these people are counted since a time: what they lose again is no more than that. */
export async function findCounted(
  db: Db,
  app: AppKey,
  since: Date,
  userIds: readonly string[],
): Promise<Map<string, Set<Danger>>> {
  if (userIds.length === 0) return new Map();
  const { rows } = await db.query<{ userId: string; dangers: Danger[] }>(
    `select user_id as "userId", array_agg(danger) as dangers from guarded_changes
     where customer_id = $1 and app_id = $2 and accepted_at > $3 and user_id = any($4) group by user_id`,
    [app.customerId, app.appId, since, userIds],
  );
  return new Map(rows.map(({ userId, dangers }) => [userId, new Set(dangers)]));
}

/** Whom a pass decides: who changed after the cursor and up to `horizonNo`, and who is due. */
export type PassRange = { cursorNo: bigint; horizonNo: bigint; now: Date };

const changedCandidates = `
  select user_id from users join accounts using (customer_id, user_id)
  where customer_id = $1 and app_id = $2 and ingest_no > $3 and ingest_no <= $4 and state in ('active', 'suspended')`;
const dueCandidates = `
  select user_id from accounts
  where customer_id = $1 and app_id = $2 and due_at <= $5 and state in ('active', 'suspended')`;

/** Whether anybody with an account is decided in this pass. */
export async function hasCandidates(db: Db, app: AppKey, { cursorNo, horizonNo, now }: PassRange): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>(
    `select exists (${dueCandidates}) or exists (${changedCandidates}) as some`,
    [app.customerId, app.appId, cursorNo, horizonNo, now],
  );
  return rows[0]!.some;
}

/**
 * People with an account who are decided in this pass.
 *
 * @param limit at most so many: to know whether there are more
 */
export async function listCandidates(
  db: Db,
  app: AppKey,
  { cursorNo, horizonNo, now }: PassRange,
  limit?: number,
): Promise<string[]> {
  const { rows } = await db.query<{ userId: string }>(
    `select user_id as "userId" from ((${changedCandidates} limit $6) union (${dueCandidates} limit $6)) candidates limit $6`,
    [app.customerId, app.appId, cursorNo, horizonNo, now, limit ?? null],
  );
  return rows.map(({ userId }) => userId);
}

/** Forgets what no window reaches any more. */
export async function forgetGuardedChanges(db: Db, before: Date): Promise<void> {
  await db.query(`delete from guarded_changes where accepted_at < $1`, [before]);
}
