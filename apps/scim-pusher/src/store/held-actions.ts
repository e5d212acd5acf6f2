import type { Db } from '@autoprov/postgres';
import type { DangerousChange, ValueChange } from '../domain/guard.ts';
import type { AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

/** Why a row ended. */
export type EndReason = 'applied' | 'changed' | 'returned' | 'setup_changed';

/** A dangerous change that is to be held. */
export type NewHeldAction = DangerousChange & {
  userId: string;
  digest: string;
  explanation: string;
  setupRevision: bigint;
  protected: boolean;
  heldAt: Date;
};

/** A dangerous change that is held, or was. */
export type HeldAction = NewHeldAction & {
  heldNo: bigint;
  approvalNo?: bigint;
  approvedBy?: string;
  approvedAt?: Date;
  endedAt?: Date;
  endReason?: EndReason;
};

const columns = `held_no as "heldNo", user_id as "userId", danger, action, changes, digest, explanation,
  setup_revision as "setupRevision", protected, held_at as "heldAt", approval_no as "approvalNo",
  approved_by as "approvedBy", approved_at as "approvedAt", ended_at as "endedAt", end_reason as "endReason"`;
const withApproval = `held_actions left join
  (select customer_id, app_id, approval_no, approved_by, approved_at from approvals) given
  using (customer_id, app_id, approval_no)`;

/** What is held, approved or not, for some people. */
export async function findOpenActions(db: Db, app: AppKey, userIds: readonly string[]): Promise<HeldAction[]> {
  if (userIds.length === 0) return [];
  const { rows } = await db.query<HeldAction>(
    `select ${columns} from ${withApproval}
     where customer_id = $1 and app_id = $2 and end_no is null and user_id = any($3) order by held_no`,
    [app.customerId, app.appId, userIds],
  );
  return rows.map(withoutNulls);
}

/** What was held for one person within a time, in the order it was held. */
export async function listHeldWithin(
  db: Db,
  app: AppKey,
  userId: string,
  { from, to }: { from: Date; to: Date },
): Promise<HeldAction[]> {
  const { rows } = await db.query<HeldAction>(
    `select ${columns} from ${withApproval}
     where customer_id = $1 and app_id = $2 and user_id = $3 and held_at <= $5 and (ended_at is null or ended_at >= $4)
     order by held_no`,
    [app.customerId, app.appId, userId, from, to],
  );
  return rows.map(withoutNulls);
}

/** Which rows are listed. */
export type HeldState = 'held' | 'approved' | 'applied' | 'dropped';

/** Of the rows up to the number $3. */
const conditions: Record<HeldState, string> = {
  // What was held as of that number and not ended, whatever became of it since.
  held: `approval_no is null and (end_no is null or end_no > $3)`,
  approved: `approval_no is not null and end_no is null`,
  applied: `end_reason = 'applied'`,
  dropped: `end_no is not null and end_reason <> 'applied'`,
};

/** A page of rows by number, of those held up to `upToNo`. */
export async function listHeldActions(
  db: Db,
  app: AppKey,
  page: { state: HeldState; upToNo: bigint; afterNo: bigint; limit: number },
): Promise<HeldAction[]> {
  const { rows } = await db.query<HeldAction>(
    `select ${columns} from ${withApproval}
     where customer_id = $1 and app_id = $2 and held_no <= $3 and ${conditions[page.state]} and held_no > $4
     order by held_no limit $5`,
    [app.customerId, app.appId, page.upToNo, page.afterNo, page.limit],
  );
  return rows.map(withoutNulls);
}

/** A row as far as an approval goes. */
export type CoveredAction = Pick<HeldAction, 'heldNo' | 'userId' | 'danger' | 'digest' | 'setupRevision'> & {
  /** By now. */
  hasEnded: boolean;
};

/** What an approval as of a number covers: held then, not ended then, and not of protected people. */
export async function listCoveredActions(db: Db, app: AppKey, upToNo: bigint): Promise<CoveredAction[]> {
  const { rows } = await db.query<CoveredAction>(
    `select held_no as "heldNo", user_id as "userId", danger, digest, setup_revision as "setupRevision",
       end_no is not null as "hasEnded"
     from held_actions
     where customer_id = $1 and app_id = $2 and held_no <= $3 and ${conditions.held} and not protected
     order by held_no`,
    [app.customerId, app.appId, upToNo],
  );
  return rows;
}

/** The number of the last row or end. */
export async function readHeldNo(db: Db, { customerId, appId }: AppKey): Promise<bigint> {
  const { rows } = await db.query<{ heldNo: bigint }>(
    `select held_no as "heldNo" from apps where customer_id = $1 and app_id = $2`,
    [customerId, appId],
  );
  return rows[0]?.heldNo ?? 0n;
}

/** Locks the app's row, under which numbers are given, and takes so many: the first of them. */
async function takeNumbers(tx: Db, app: AppKey, count: number): Promise<bigint> {
  const { rows } = await tx.query<{ first: bigint }>(
    `update apps set held_no = held_no + $3 where customer_id = $1 and app_id = $2 returning held_no - $3 + 1 as first`,
    [app.customerId, app.appId, count],
  );
  return rows[0]!.first;
}

/** Holds some changes; a row that is open for the same person and danger must have been ended. */
export async function saveHeldActions(tx: Db, app: AppKey, actions: readonly NewHeldAction[]): Promise<void> {
  if (actions.length === 0) return;
  const first = await takeNumbers(tx, app, actions.length);
  await tx.query(
    `insert into held_actions (customer_id, app_id, held_no, user_id, danger, action, changes, digest, explanation,
       setup_revision, protected, held_at)
     select $1, $2, $3 + n - 1, user_id, danger, action, changes::jsonb, digest, explanation, setup_revision, protected,
       held_at
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::boolean[],
       $12::timestamptz[]) with ordinality
       as given (user_id, danger, action, changes, digest, explanation, setup_revision, protected, held_at, n)`,
    [
      app.customerId,
      app.appId,
      first,
      actions.map(({ userId }) => userId),
      actions.map(({ danger }) => danger),
      actions.map(({ action }) => action),
      actions.map(({ changes }) => JSON.stringify(changes satisfies ValueChange[])),
      actions.map(({ digest }) => digest),
      actions.map(({ explanation }) => explanation),
      actions.map(({ setupRevision }) => setupRevision),
      actions.map((action) => action.protected),
      actions.map(({ heldAt }) => heldAt),
    ],
  );
}

/** Ends some rows; those that have ended already stay as they are. */
export async function endHeldActions(
  tx: Db,
  app: AppKey,
  ends: readonly { heldNo: bigint; reason: EndReason }[],
  now: Date,
): Promise<void> {
  if (ends.length === 0) return;
  const endNo = await takeNumbers(tx, app, 1);
  await tx.query(
    `update held_actions set end_no = $3, ended_at = $4, end_reason = given.reason
     from unnest($5::bigint[], $6::text[]) as given (held_no, reason)
     where customer_id = $1 and app_id = $2 and held_actions.held_no = given.held_no and end_no is null`,
    [app.customerId, app.appId, endNo, now, ends.map(({ heldNo }) => heldNo), ends.map(({ reason }) => reason)],
  );
}

/** How many rows wait for an approval; those of protected people wait for none. */
export async function countHeld(db: Db, app: AppKey): Promise<bigint> {
  const { rows } = await db.query<{ held: bigint }>(
    `select count(*) as held from held_actions
     where customer_id = $1 and app_id = $2 and end_no is null and approval_no is null and not protected`,
    [app.customerId, app.appId],
  );
  return rows[0]!.held;
}

/** The same for every active app that has some. */
export async function countHeldByApp(db: Db): Promise<(AppKey & { held: bigint })[]> {
  const { rows } = await db.query<AppKey & { held: bigint }>(
    `select customer_id as "customerId", app_id as "appId", count(*) as held
     from held_actions join setups using (customer_id, app_id)
     where end_no is null and approval_no is null and not protected and active group by 1, 2`,
  );
  return rows;
}

/** Forgets rows that ended before a time. */
export async function forgetHeldActions(db: Db, endedBefore: Date): Promise<void> {
  await db.query(`delete from held_actions where ended_at < $1`, [endedBefore]);
}
