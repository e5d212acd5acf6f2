import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';
import { wakePeople } from './due-people.ts';

/** Somebody's approval of held actions. */
export type Approval = {
  hash: string;
  approvedBy: string;
  approvedAt: Date;
  approvedCount: bigint;
  droppedCount: bigint;
};

/** Locks the app, so that nothing is held or ended while an approval is stored. */
export async function lockHeldActions(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(`select from apps where customer_id = $1 and app_id = $2 for update`, [customerId, appId]);
}

/** What an approval answered, by its hash; undefined: it was not given. */
export async function findApproval(
  db: Db,
  { customerId, appId }: AppKey,
  hash: string,
): Promise<Pick<Approval, 'approvedCount' | 'droppedCount'> | undefined> {
  const { rows } = await db.query<Pick<Approval, 'approvedCount' | 'droppedCount'>>(
    `select approved_count as "approvedCount", dropped_count as "droppedCount"
     from approvals where customer_id = $1 and app_id = $2 and approval_hash = $3`,
    [customerId, appId, hash],
  );
  return rows[0];
}

/** Stores an approval of some rows; their people are made due by whoever holds the app's lease. */
export async function saveApproval(tx: Db, app: AppKey, heldNos: readonly bigint[], a: Approval): Promise<void> {
  const { customerId, appId } = app;
  const { rows } = await tx.query<{ approvalNo: bigint }>(
    `insert into approvals (customer_id, app_id, approval_no, approval_hash, approved_by, approved_at, approved_count,
       dropped_count)
     select $1, $2, coalesce(max(approval_no), 0) + 1, $3, $4, $5, $6, $7 from approvals
     where customer_id = $1 and app_id = $2
     returning approval_no as "approvalNo"`,
    [customerId, appId, a.hash, a.approvedBy, a.approvedAt, a.approvedCount, a.droppedCount],
  );
  await tx.query(
    `update held_actions set approval_no = $4
     where customer_id = $1 and app_id = $2 and held_no = any($3::bigint[]) and end_no is null`,
    [customerId, appId, heldNos, rows[0]!.approvalNo],
  );
}

/** Makes the people of new approvals due, so that each is decided again. */
export async function wakeApproved(tx: Db, { customerId, appId }: AppKey, now: Date): Promise<void> {
  const { rows } = await tx.query<{ userId: string }>(
    `with woken as (
       update approvals set woken = true where customer_id = $1 and app_id = $2 and not woken returning approval_no
     )
     select user_id as "userId" from held_actions join woken using (approval_no)
     where customer_id = $1 and app_id = $2 and end_no is null`,
    [customerId, appId],
  );
  // By id, not joined: a table that is new has no statistics, and each of thousands would be looked for among all accounts.
  const userIds = rows.map(({ userId }) => userId);
  await wakePeople(tx, { customerId, appId }, userIds, now);
}

/** Forgets approvals given before a time, once none of their rows are kept: call it after forgetHeldActions. */
export async function forgetApprovals(db: Db, before: Date): Promise<void> {
  await db.query(
    `delete from approvals where approved_at < $1 and not exists (
       select from held_actions
       where held_actions.customer_id = approvals.customer_id and held_actions.app_id = approvals.app_id
         and held_actions.approval_no = approvals.approval_no)`,
    [before],
  );
}
