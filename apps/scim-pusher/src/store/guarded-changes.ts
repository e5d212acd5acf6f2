import type { Db } from '@autoprov/postgres';
import type { Danger } from '../domain/guard.ts';
import type { AppKey } from '../domain/model.ts';

/** How much of its limits an app has used. */
export type GuardUsage = {
  /** Active accounts, with those that lost access within the window. */
  accountCount: number;
  /** People, by danger: changes accepted within the window without an approval, and those held. */
  used: Record<Danger, number>;
};

/** Dangerous changes that the service provider has accepted; `heldNo`: of the approved row. */
export async function saveGuardedChanges(
  tx: Db,
  app: AppKey,
  userId: string,
  changes: readonly { danger: Danger; heldNo?: bigint }[],
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into guarded_changes (customer_id, app_id, user_id, danger, accepted_at, held_no)
     select $1, $2, $3, danger, $4, held_no from unnest($5::text[], $6::bigint[]) as given (danger, held_no)`,
    [
      app.customerId,
      app.appId,
      userId,
      now,
      changes.map(({ danger }) => danger),
      changes.map(({ heldNo }) => heldNo ?? null),
    ],
  );
}

/** What the guard counts: everything is stored, so that a crash, a lost lease or another replica forgets nothing. */
export async function readGuardUsage(db: Db, app: AppKey, since: Date): Promise<GuardUsage> {
  const { rows } = await db.query<{ danger: Danger; used: number; removed: number }>(
    `select danger, count(distinct user_id)::int as used, (count(distinct user_id) filter (where accepted))::int as removed
     from (
       select danger, user_id, true as accepted from guarded_changes
       where customer_id = $1 and app_id = $2 and accepted_at > $3 and held_no is null
       union all
       select danger, user_id, false from held_actions
       where customer_id = $1 and app_id = $2 and end_no is null and approval_no is null and not protected
     ) counted
     group by danger`,
    [app.customerId, app.appId, since],
  );
  const { rows: accounts } = await db.query<{ active: number }>(
    `select count(*)::int as active from accounts where customer_id = $1 and app_id = $2 and state = 'active'`,
    [app.customerId, app.appId],
  );
  const of = (danger: Danger) => rows.find((row) => row.danger === danger);
  return {
    accountCount: accounts[0]!.active + (of('access')?.removed ?? 0),
    used: { access: of('access')?.used ?? 0, identity: of('identity')?.used ?? 0, clearing: of('clearing')?.used ?? 0 },
  };
}

/**
 * People with an account who are decided in this pass: changed since the cursor, up to `horizonNo`, or due.
 *
 * @param limit at most so many: to know whether there are more
 */
export async function listCandidates(
  db: Db,
  app: AppKey,
  { cursorNo, horizonNo, now }: { cursorNo: bigint; horizonNo: bigint; now: Date },
  limit?: number,
): Promise<string[]> {
  const { rows } = await db.query<{ userId: string }>(
    `select user_id as "userId" from (
       select user_id from users join accounts using (customer_id, user_id)
       where customer_id = $1 and app_id = $2 and ingest_no > $3 and ingest_no <= $4
         and accounts.state in ('active', 'suspended')
       union
       select user_id from accounts
       where customer_id = $1 and app_id = $2 and due_at <= $5 and state in ('active', 'suspended')
     ) candidates limit $6`,
    [app.customerId, app.appId, cursorNo, horizonNo, now, limit ?? null],
  );
  return rows.map(({ userId }) => userId);
}

/** Forgets what no window reaches any more, and held actions that ended long ago. */
export async function forgetGuarded(db: Db, app: AppKey, acceptedBefore: Date, endedBefore: Date): Promise<void> {
  const { customerId, appId } = app;
  await db.query(`delete from guarded_changes where customer_id = $1 and app_id = $2 and accepted_at < $3`, [
    customerId,
    appId,
    acceptedBefore,
  ]);
  await db.query(`delete from held_actions where customer_id = $1 and app_id = $2 and ended_at < $3`, [
    customerId,
    appId,
    endedBefore,
  ]);
}
