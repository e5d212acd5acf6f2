import type { Db } from '@autoprov/postgres';
import type { ScimUser } from '@autoprov/scim';
import type { Account, AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

/** Neither the setup nor the person has changed since. */
const undoHolds = `undo_to is not null
  and undo_revision = (select revision from setups where customer_id = accounts.customer_id and app_id = accounts.app_id)
  and not exists (select from users where customer_id = accounts.customer_id and user_id = accounts.user_id
    and known_at > undo_at)`;

const columns = `user_id as "userId", scim_id as "scimId", origin, state, accepted,
  accepted_digest as "acceptedDigest", accepted_at as "acceptedAt", keeps_external_id as "keepsExternalId",
  case when ${undoHolds} then undo_to end as undo, intent_at as "intentAt", intended,
  write_begun_at as "writeBegunAt", trigger, trigger_at as "triggerAt", parked, due_at as "dueAt", attempt,
  failure_code as "failureCode", failure_reason as "failureReason", failure_detail as "failureDetail"`;

/** Rows of some people. */
export async function findAccounts(db: Db, app: AppKey, userIds: readonly string[]): Promise<Account[]> {
  const { rows } = await db.query<Account>(
    `select ${columns} from accounts where customer_id = $1 and app_id = $2 and user_id = any($3)`,
    [app.customerId, app.appId, userIds],
  );
  return rows.map(withoutNulls);
}

/** A page of the app's rows, by user id. */
export async function listAccounts(db: Db, app: AppKey, afterUserId: string, limit: number): Promise<Account[]> {
  const { rows } = await db.query<Account>(
    `select ${columns} from accounts where customer_id = $1 and app_id = $2 and user_id > $3 order by user_id limit $4`,
    [app.customerId, app.appId, afterUserId, limit],
  );
  return rows.map(withoutNulls);
}

/** Who is linked to each of the service provider's ids. */
export async function findLinks(db: Db, app: AppKey, scimIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ scimId: string; userId: string }>(
    `select scim_id as "scimId", user_id as "userId" from accounts
     where customer_id = $1 and app_id = $2 and scim_id = any($3) and state in ('active', 'suspended')`,
    [app.customerId, app.appId, scimIds],
  );
  return new Map(rows.map((row) => [row.scimId, row.userId]));
}

/** Accounts that are linked, by the service provider's ids. */
export async function findLinkedAccounts(db: Db, app: AppKey, scimIds: readonly string[]): Promise<Account[]> {
  const { rows } = await db.query<Account>(
    `select ${columns} from accounts
     where customer_id = $1 and app_id = $2 and scim_id = any($3) and state in ('active', 'suspended')`,
    [app.customerId, app.appId, scimIds],
  );
  return rows.map(withoutNulls);
}

/** A create that is about to be sent. */
export type Intent = { userId: string; intended: ScimUser };

/** Writes down creates before they are sent: after a crash each is looked up first. */
export async function saveIntents(tx: Db, app: AppKey, intents: readonly Intent[], now: Date): Promise<void> {
  await tx.query(
    `insert into accounts (customer_id, app_id, user_id, intent_at, intended, due_at)
     select $1, $2, "userId", $4, intended, $4
     from jsonb_to_recordset($3) as intent ("userId" text, intended jsonb) order by "userId"
     on conflict (customer_id, app_id, user_id) do update set
       intent_at = excluded.intent_at, intended = excluded.intended, due_at = excluded.due_at`,
    [app.customerId, app.appId, JSON.stringify(intents), now],
  );
}

/** What the service provider now has, as it accepted it. */
export type Acceptance = {
  userId: string;
  scimId: string;
  origin?: 'created' | 'adopted';
  state: 'active' | 'suspended' | 'deleted';
  accepted?: ScimUser;
  acceptedDigest?: string;
  trigger?: string;
  triggerAt?: Date;
  parked: string[];
  dueAt?: Date;
  keepsExternalId?: boolean;
};

/** Stores acceptances of as many people, ends intents and failures, and gives the numbers of the outcomes by user id. */
export async function saveAcceptances(
  tx: Db,
  app: AppKey,
  revision: bigint,
  acceptances: readonly Acceptance[],
  now: Date,
): Promise<Map<string, bigint>> {
  const { rows } = await tx.query<{ userId: string; seq: bigint }>(
    `with given as (
       select * from jsonb_to_recordset($3) as given ("userId" text, "scimId" text, origin text, state text,
         accepted jsonb, "acceptedDigest" text, trigger text, "triggerAt" timestamptz, parked text[], "dueAt" timestamptz,
         "keepsExternalId" boolean)
     ), superseded as (${keepVersions(`user_id in (select "userId" from given)`, '$5')})
     insert into accounts as known (customer_id, app_id, user_id, scim_id, origin, state, accepted, accepted_digest,
       accepted_revision, accepted_at, known_at, trigger, trigger_at, parked, due_at, keeps_external_id, outcome_seq)
     select $1, $2, "userId", "scimId", origin, state, accepted, "acceptedDigest", $4, $5, $5, trigger, "triggerAt",
       parked, "dueAt", coalesce("keepsExternalId", false), ${nextSeq('0')}
     from given order by "userId"
     on conflict (customer_id, app_id, user_id) do update set
       scim_id = excluded.scim_id, origin = coalesce(excluded.origin, known.origin), state = excluded.state,
       accepted_before = known.accepted, accepted = excluded.accepted, accepted_digest = excluded.accepted_digest,
       accepted_revision = excluded.accepted_revision, accepted_at = excluded.accepted_at, known_at = excluded.known_at,
       trigger = excluded.trigger, trigger_at = excluded.trigger_at, parked = excluded.parked,
       due_at = excluded.due_at, keeps_external_id = known.keeps_external_id or excluded.keeps_external_id,
       intent_at = null, intended = null, write_begun_at = null, attempt = 0, failure_code = null, failure_reason = null, failure_detail = null,
       outcome_seq = ${nextSeq('known.outcome_seq')}
     returning user_id as "userId", outcome_seq as seq`,
    [app.customerId, app.appId, JSON.stringify(acceptances), revision, now],
  );
  return new Map(rows.map(({ userId, seq }) => [userId, seq]));
}

/** Writes down that accounts are about to be changed or deleted: until the end is known nobody relies on what was accepted. */
export async function saveWritesBegun(tx: Db, app: AppKey, userIds: readonly string[], now: Date): Promise<void> {
  await tx.query(
    `update accounts set write_begun_at = $4 where customer_id = $1 and app_id = $2 and user_id = any($3)`,
    [app.customerId, app.appId, userIds, now],
  );
}

/** The service provider has the account no more: the link ends, and the person is decided again at once. */
export async function saveVanishing(tx: Db, app: AppKey, userId: string, now: Date): Promise<void> {
  await tx.query(
    `with superseded as (${keepVersion('$4', 'true')})
     update accounts set state = 'deleted', known_at = $4, accepted_at = $4, due_at = $4, write_begun_at = null
     where customer_id = $1 and app_id = $2 and user_id = $3`,
    [...keyOf(app, userId), now],
  );
}

/** A push that failed; `keepIntent` when the end of a create is not known, `isDoubtful` when that of another write is not. */
export type Refusal = {
  userId: string;
  code: string;
  reason: string;
  detail: string;
  attempt: number;
  dueAt: Date;
  parked: string[];
  keepIntent: boolean;
  isDoubtful: boolean;
};

/** Stores a failed push with its next attempt, and gives the number of the outcome. */
export async function saveRefusal(tx: Db, app: AppKey, r: Refusal): Promise<bigint> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `insert into accounts as known (customer_id, app_id, user_id, failure_code, failure_reason, failure_detail, attempt,
       due_at, parked, outcome_seq)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, ${nextSeq('0')})
     on conflict (customer_id, app_id, user_id) do update set
       failure_code = excluded.failure_code, failure_reason = excluded.failure_reason,
       failure_detail = excluded.failure_detail, attempt = excluded.attempt, due_at = excluded.due_at,
       parked = excluded.parked, intent_at = case when $10 then known.intent_at end,
       intended = case when $10 then known.intended end,
       write_begun_at = case when $11 then known.write_begun_at end,
       outcome_seq = ${nextSeq('known.outcome_seq')}
     returning outcome_seq as seq`,
    [...keyOf(app, r.userId), r.code, r.reason, r.detail, r.attempt, r.dueAt, r.parked, r.keepIntent, r.isDoubtful],
  );
  return rows[0]!.seq;
}

/** A failed push that is no longer asked for; gives the number of the outcome. */
export async function saveWithdrawal(tx: Db, app: AppKey, userId: string): Promise<bigint> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `update accounts set failure_code = null, failure_reason = null, failure_detail = null, attempt = 0,
       outcome_seq = ${nextSeq('outcome_seq')}
     where customer_id = $1 and app_id = $2 and user_id = $3 returning outcome_seq as seq`,
    keyOf(app, userId),
  );
  return rows[0]!.seq;
}

/** What a decision that sends nothing leaves: what holds since when, the next timer, the references waited for. */
export type Wait = Pick<Account, 'userId' | 'trigger' | 'triggerAt' | 'dueAt' | 'parked'>;

/** Stores waits; people without a row need none. */
export async function saveWaits(tx: Db, app: AppKey, waits: readonly Wait[], now: Date): Promise<void> {
  for (const { userId, trigger, triggerAt, dueAt, parked } of waits) {
    await tx.query(
      `with superseded as (${keepVersion('$8', 'trigger is distinct from $4')})
       update accounts set trigger = $4, trigger_at = $5, due_at = $6, parked = $7,
         known_at = case when trigger is distinct from $4 then $8 else known_at end
       where customer_id = $1 and app_id = $2 and user_id = $3`,
      [...keyOf(app, userId), trigger ?? null, triggerAt ?? null, dueAt ?? null, parked, now],
    );
  }
}

/** What a version of an account holds. */
export const versioned = `scim_id, origin, state, accepted, accepted_digest, keeps_external_id, accepted_at, trigger, trigger_at,
  due_at, undo_to, undo_revision, undo_at`;

/** Keeps the account of $1, $2, $3 as it is before the statement, if it was linked. */
export function keepVersion(now: string, condition: string): string {
  return keepVersions(`user_id = $3 and ${condition}`, now);
}

/** Keeps those accounts of $1, $2. */
function keepVersions(condition: string, now: string): string {
  return `insert into account_versions (customer_id, app_id, user_id, known_at, superseded_at, ${versioned})
    select customer_id, app_id, user_id, known_at, ${now}, ${versioned}
    from accounts where customer_id = $1 and app_id = $2 and state <> 'none' and ${condition}`;
}

/** A create whose end was not known has been looked up, and there is no account. */
export async function dropIntent(tx: Db, app: AppKey, userId: string): Promise<void> {
  await tx.query(
    `update accounts set intent_at = null, intended = null, due_at = null where customer_id = $1 and app_id = $2 and user_id = $3`,
    keyOf(app, userId),
  );
}

/** How many accounts are in which state, how many fail. */
export async function countAccounts(db: Db, app: AppKey) {
  const { rows } = await db.query<{ active: bigint; suspended: bigint; failing: bigint; lastAcceptedAt: Date | null }>(
    `select count(*) filter (where state = 'active') as active, count(*) filter (where state = 'suspended') as suspended,
       count(*) filter (where failure_code is not null) as failing, max(accepted_at) as "lastAcceptedAt"
     from accounts where customer_id = $1 and app_id = $2`,
    [app.customerId, app.appId],
  );
  return rows[0]!;
}

/** The service provider's ids of some people's accounts. */
export async function findScimIds(db: Db, app: AppKey, userIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ userId: string; scimId: string }>(
    `select user_id as "userId", scim_id as "scimId" from accounts
     where customer_id = $1 and app_id = $2 and user_id = any($3) and state in ('active', 'suspended')`,
    [app.customerId, app.appId, userIds],
  );
  return new Map(rows.map((row) => [row.userId, row.scimId]));
}

/** Orders outcomes of one person; a restored database is ahead by itself. */
export function nextSeq(previous: string): string {
  return `greatest(${previous} + 1, (extract(epoch from clock_timestamp()) * 1e6)::bigint)`;
}

function keyOf(app: AppKey, userId: string): string[] {
  return [app.customerId, app.appId, userId];
}
