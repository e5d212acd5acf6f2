import type { Db } from '@autoprov/postgres';
import type { PushedState } from '../domain/decide-group.ts';
import type { AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

/** A pushed group, as far as the pusher goes. */
export type ScimGroup = PushedState & {
  groupId: string;
  attempt: number;
  failureCode?: string;
};

const columns = `group_id as "groupId", scim_id as "scimId", origin, display_name as "displayName", intent_at as "intentAt",
  attempt, failure_code as "failureCode"`;

/**
 * Has these groups pushed, for the first time or because the setup has changed, and the others left as they are: what failed
 * about those is answered.
 */
export async function beginGroups(tx: Db, app: AppKey, groupIds: readonly string[], now: Date): Promise<ScimGroup[]> {
  await tx.query(
    `insert into scim_groups (customer_id, app_id, group_id, due_at)
     select $1, $2, group_id, $4 from unnest($3::text[]) as group_id
     on conflict (customer_id, app_id, group_id) do update set due_at = excluded.due_at`,
    [app.customerId, app.appId, groupIds, now],
  );
  await tx.query(
    `update scim_groups set due_at = null
     where customer_id = $1 and app_id = $2 and group_id <> all($3) and due_at is not null`,
    [app.customerId, app.appId, groupIds],
  );
  const { rows } = await tx.query<ScimGroup>(
    `select ${columns} from scim_groups
     where customer_id = $1 and app_id = $2 and group_id <> all($3) and failure_code is not null`,
    [app.customerId, app.appId, groupIds],
  );
  return rows.map(withoutNulls);
}

/** Groups to be pushed now, who waits longest first. */
export async function listDueGroups(db: Db, app: AppKey, now: Date): Promise<ScimGroup[]> {
  const { rows } = await db.query<ScimGroup>(
    `select ${columns} from scim_groups where customer_id = $1 and app_id = $2 and due_at <= $3 order by due_at, group_id`,
    [app.customerId, app.appId, now],
  );
  return rows.map(withoutNulls);
}

/** Which of ours one of the service provider's groups stands for; undefined: none. */
export async function findGroupLink(db: Db, app: AppKey, scimId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ groupId: string }>(
    `select group_id as "groupId" from scim_groups where customer_id = $1 and app_id = $2 and scim_id = $3`,
    [app.customerId, app.appId, scimId],
  );
  return rows[0]?.groupId;
}

/** Writes down that a create is about to be sent: after a crash it is looked up first. */
export async function saveGroupIntent(tx: Db, app: AppKey, groupId: string, now: Date): Promise<void> {
  await tx.query(`update scim_groups set intent_at = $4 where ${ofGroup}`, [...keyOf(app, groupId), now]);
}

/** What the service provider has as this group. */
export async function saveGroupLink(
  tx: Db,
  app: AppKey,
  groupId: string,
  link: { scimId: string; origin: 'created' | 'adopted'; displayName: string },
): Promise<void> {
  await tx.query(
    `update scim_groups set scim_id = $4, origin = $5, display_name = $6, intent_at = null where ${ofGroup}`,
    [...keyOf(app, groupId), link.scimId, link.origin, link.displayName],
  );
}

/** The service provider has the group no more, so nobody is its member. */
export async function unlinkGroup(tx: Db, app: AppKey, groupId: string): Promise<void> {
  await tx.query(
    `update scim_groups set scim_id = null, origin = null, display_name = null, intent_at = null where ${ofGroup}`,
    keyOf(app, groupId),
  );
  await tx.query(`update scim_group_members set state = 'none', scim_id = null where ${ofGroup}`, keyOf(app, groupId));
  await tx.query(`delete from scim_group_members where ${ofGroup} and not wanted`, keyOf(app, groupId));
}

/** The service provider has taken this name; undefined: one is about to be sent, and may be taken or not. */
export async function saveGroupName(
  tx: Db,
  app: AppKey,
  groupId: string,
  displayName: string | undefined,
): Promise<void> {
  const values = [...keyOf(app, groupId), displayName ?? null];
  await tx.query(`update scim_groups set display_name = $4 where ${ofGroup}`, values);
}

/** The group is in step: nothing is due, nothing fails. Gives the number of the outcome. */
export async function saveGroupInStep(tx: Db, app: AppKey, groupId: string, now: Date): Promise<bigint> {
  return nextOutcome(tx, app, groupId, `due_at = null, accepted_at = $4, ${noFailure}`, [now]);
}

/** What failed is no longer asked for. Gives the number of the outcome. */
export async function saveGroupWithdrawal(tx: Db, app: AppKey, groupId: string): Promise<bigint> {
  return nextOutcome(tx, app, groupId, `due_at = null, intent_at = null, ${noFailure}`, []);
}

/** A push of a group that failed. */
export type GroupRefusal = {
  groupId: string;
  code: string;
  reason: string;
  detail: string;
  attempt: number;
  dueAt: Date;
  keepIntent: boolean;
};

/** Stores a failed push with its next attempt, and gives the number of the outcome. */
export async function saveGroupRefusal(tx: Db, app: AppKey, r: GroupRefusal): Promise<bigint> {
  return nextOutcome(
    tx,
    app,
    r.groupId,
    `failure_code = $4, failure_reason = $5, failure_detail = $6, attempt = $7, due_at = $8,
     intent_at = case when $9 then intent_at end`,
    [r.code, r.reason, r.detail, r.attempt, r.dueAt, r.keepIntent],
  );
}

/** Has a group pushed at a time, or not before something changes. */
export async function saveGroupDue(tx: Db, app: AppKey, groupId: string, dueAt: Date | undefined): Promise<void> {
  await tx.query(`update scim_groups set due_at = $4 where ${ofGroup}`, [...keyOf(app, groupId), dueAt ?? null]);
}

/** Makes groups due whose last push failed. */
export async function wakeFailingGroups(
  db: Db,
  app: AppKey,
  { code, reason, now }: { code: string; reason: string; now: Date },
): Promise<void> {
  await db.query(
    `update scim_groups set due_at = $5
     where customer_id = $1 and app_id = $2 and due_at is not null and failure_code is not null
       and (failure_code = $3 or $3 = '') and (failure_reason = $4 or $4 = '')`,
    [app.customerId, app.appId, code, reason, now],
  );
}

/** Has groups pushed that a read covers now, and did not before. */
export async function wakeCoveredGroups(
  tx: Db,
  customerId: string,
  groupIds: readonly string[],
  now: Date,
): Promise<void> {
  await tx.query(`update scim_groups set due_at = $3 where customer_id = $1 and group_id = any($2) and due_at > $3`, [
    customerId,
    groupIds,
    now,
  ]);
}

/** How many groups the service provider has of us, how many fail, how many are to be pushed now. */
export type GroupCounts = { linked: bigint; failing: bigint; due: bigint };

/** Counts an app's groups. */
export async function countGroups(db: Db, app: AppKey, now: Date): Promise<GroupCounts> {
  const { rows } = await db.query<GroupCounts>(
    `select count(scim_id) as linked, count(failure_code) as failing, count(*) filter (where due_at <= $3) as due
     from scim_groups where customer_id = $1 and app_id = $2`,
    [app.customerId, app.appId, now],
  );
  return rows[0]!;
}

const ofGroup = `customer_id = $1 and app_id = $2 and group_id = $3`;
const noFailure = `attempt = 0, failure_code = null, failure_reason = null, failure_detail = null`;

/** Outcomes of one group are ordered; a restored database is ahead by itself. */
async function nextOutcome(tx: Db, app: AppKey, groupId: string, changes: string, values: unknown[]): Promise<bigint> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `update scim_groups set ${changes},
       outcome_seq = greatest(outcome_seq + 1, (extract(epoch from clock_timestamp()) * 1e6)::bigint)
     where ${ofGroup} returning outcome_seq as seq`,
    [...keyOf(app, groupId), ...values],
  );
  return rows[0]!.seq;
}

function keyOf(app: AppKey, groupId: string): string[] {
  return [app.customerId, app.appId, groupId];
}
