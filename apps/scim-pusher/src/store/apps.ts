import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

export type Health = 'running' | 'backing_off' | 'quarantined';

/** The work state of one app. */
export type AppWork = AppKey & {
  cursorNo: bigint;
  cursorRevision: bigint;
  health: Health;
  healthCode?: string;
  healthReason?: string;
  healthDetail?: string;
  backOffAttempt: number;
  backOffUntil?: Date;
  /** The service provider's list before the first sync: wanted, held in listed_accounts, or used up. */
  listState: 'wanted' | 'held' | 'used';
  patchSupported?: boolean;
  provenWrites: Record<string, number>;
  requestCounts: Record<string, number>;
  /** A hold kept removals back: when it has ended, everybody is decided again. */
  removalsKeptBack: boolean;
  /** Somebody has approved held actions whose people are not due yet. */
  hasNewApproval: boolean;
  /** Until the next request, and the next write, may be sent: the pass before may have ended just now, elsewhere. */
  requestWaitMs: number;
  writeWaitMs: number;
  /** When the next comparison with the service provider begins by itself. */
  compareAt?: Date;
  /** One goes on, or was asked for when the pass began. */
  hasComparison: boolean;
};

const newApprovals = `
  select from approvals where approvals.customer_id = apps.customer_id and approvals.app_id = apps.app_id and not woken`;

const untilMs = (column: string) =>
  `coalesce(greatest(0, extract(epoch from ${column} - clock_timestamp()) * 1000), 0)::float8`;

const isCompared = `exists (
  select from comparisons where comparisons.customer_id = apps.customer_id and comparisons.app_id = apps.app_id
    and ended_at is null)`;

const columns = `customer_id as "customerId", app_id as "appId", cursor_no as "cursorNo",
  cursor_revision as "cursorRevision", health, health_code as "healthCode", health_reason as "healthReason",
  health_detail as "healthDetail", back_off_attempt as "backOffAttempt", back_off_until as "backOffUntil",
  list_state as "listState", patch_supported as "patchSupported",
  proven_writes as "provenWrites", request_counts as "requestCounts", removals_kept_back as "removalsKeptBack",
  exists (${newApprovals}) as "hasNewApproval",
  ${untilMs('next_request_at')} as "requestWaitMs", ${untilMs('next_write_at')} as "writeWaitMs",
  compare_at as "compareAt", ${isCompared} as "hasComparison"`;

const held = (what: string) => `exists (
  select from holds where what = '${what}' and parent in ('customers/-', 'customers/' || apps.customer_id,
    'customers/' || apps.customer_id || '/apps/' || apps.app_id))`;

/** People, or groups, are to be decided, by $1 as the time now. */
const hasPeople = `(cursor_no < customers.ingest_no or cursor_revision < setups.revision
  or exists (${newApprovals})
  or exists (select from urgent_users where urgent_users.customer_id = apps.customer_id
               and urgent_users.app_id = apps.app_id)
  or exists (select from scim_groups where scim_groups.customer_id = apps.customer_id
               and scim_groups.app_id = apps.app_id and due_at <= $1)
  or (removals_kept_back and not ${held('removals')})
  or exists (select from accounts where accounts.customer_id = apps.customer_id
               and accounts.app_id = apps.app_id and due_at <= $1))`;

const hasComparison = `(compare_at <= $1 or ${isCompared})`;

/**
 * Active apps whose cursor is behind, or where something is due, and that are not backing off nor held, nor being served; who was
 * served longest ago comes first.
 */
export async function listAppsWithWork(db: Db, now: Date): Promise<AppKey[]> {
  const { rows } = await db.query<AppKey>(
    `select apps.customer_id as "customerId", apps.app_id as "appId"
     from apps join setups using (customer_id, app_id) left join customers using (customer_id)
     where setups.active and (back_off_until is null or back_off_until <= $1) and not ${held('writes')}
       and (${hasPeople} or ${hasComparison})
       and not exists (select from leases where name = 'app/' || apps.customer_id || '/' || apps.app_id
                         and until > clock_timestamp())
     order by passed_at nulls first`,
    [now],
  );
  return rows;
}

/** Whether people or groups of an app are to be decided: what else it does gives way. */
export async function hasPeopleToDecide(db: Db, app: AppKey, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from apps join setups using (customer_id, app_id) left join customers using (customer_id)
     where apps.customer_id = $2 and apps.app_id = $3 and ${hasPeople}`,
    [now, app.customerId, app.appId],
  );
  return rowCount > 0;
}

/** Says when the next comparison begins by itself; undefined: never. */
export async function saveCompareAt(tx: Db, app: AppKey, compareAt: Date | undefined): Promise<void> {
  await tx.query(`update apps set compare_at = $3 where customer_id = $1 and app_id = $2`, [
    app.customerId,
    app.appId,
    compareAt ?? null,
  ]);
}

/**
 * Active apps that wait because of their credential: not for their service provider (450xx), nor for the record of their
 * setup (25001).
 */
export async function listAppsWithoutAccess(db: Db, now: Date): Promise<AppKey[]> {
  const { rows } = await db.query<AppKey>(
    `select customer_id as "customerId", app_id as "appId" from apps join setups using (customer_id, app_id)
     where setups.active and health <> 'running' and health_code not like '450%' and health_code <> '25001'
       and back_off_until > $1`,
    [now],
  );
  return rows;
}

/** Has an app wait whose service provider is not the reason. */
export async function delayApp(tx: Db, { customerId, appId }: AppKey, until: Date): Promise<void> {
  await tx.query(`update apps set back_off_until = $3 where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
    until,
  ]);
}

/** Ends an app's wait; false: it waits no more. */
export async function endWait(db: Db, app: AppKey, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `update apps set back_off_until = $3
     where customer_id = $1 and app_id = $2 and health <> 'running' and back_off_until > $3`,
    [app.customerId, app.appId, now],
  );
  return rowCount > 0;
}

/** The work state of one app; undefined: it was never heard of. */
export async function findApp(db: Db, { customerId, appId }: AppKey): Promise<AppWork | undefined> {
  const { rows } = await db.query<AppWork>(`select ${columns} from apps where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  return rows[0] && withoutNulls(rows[0]);
}

/** The work state of an app that is served now. */
export async function beginPass(db: Db, { customerId, appId }: AppKey): Promise<AppWork | undefined> {
  const { rows } = await db.query<AppWork>(
    `update apps set passed_at = clock_timestamp() where customer_id = $1 and app_id = $2 returning ${columns}`,
    [customerId, appId],
  );
  return rows[0] && withoutNulls(rows[0]);
}

/** Moves the app's cursor. */
export async function saveCursor(tx: Db, app: AppKey, cursorNo: bigint, revision: bigint): Promise<void> {
  await tx.query(`update apps set cursor_no = $3, cursor_revision = $4 where customer_id = $1 and app_id = $2`, [
    app.customerId,
    app.appId,
    cursorNo,
    revision,
  ]);
}

/** Remembers that a hold kept removals back, or that it has ended: then everybody is decided again. */
export async function saveRemovalsKeptBack(tx: Db, { customerId, appId }: AppKey, keptBack: boolean): Promise<void> {
  await tx.query(
    `update apps set removals_kept_back = $3, cursor_revision = case when $3 then cursor_revision else 0 end
     where customer_id = $1 and app_id = $2 and removals_kept_back <> $3`,
    [customerId, appId, keptBack],
  );
}

/**
 * Stores how the service provider does, and gives the number of the next check. What a pass met with an older revision of the
 * setup is nothing to wait for.
 */
export async function saveHealth(
  tx: Db,
  app: AppKey & { revision: bigint },
  health: { health: Health; code?: string; reason?: string; detail?: string; attempt: number; backOffUntil?: Date },
  now: Date,
): Promise<bigint> {
  const differs = `(health_code, health_reason) is distinct from ($4, $5)`;
  const { rows } = await tx.query<{ checkSeq: bigint }>(
    `with superseded as (
       insert into down_times (customer_id, app_id, down_since, superseded_at, code, reason, detail)
       select customer_id, app_id, down_since, $10, health_code, health_reason, health_detail from apps
       where customer_id = $1 and app_id = $2 and down_since is not null and ${differs}
     )
     update apps set health = $3, health_code = $4, health_reason = $5, health_detail = $6, back_off_attempt = $7,
       down_since = case when $3 = 'running' then null when ${differs} then $10 else down_since end,
       back_off_until = case when not exists (
         select from setups where setups.customer_id = $1 and setups.app_id = $2 and revision > $9) then $8::timestamptz end,
       check_seq = greatest(check_seq + 1, (extract(epoch from clock_timestamp()) * 1e6)::bigint)
     where customer_id = $1 and app_id = $2 returning check_seq as "checkSeq"`,
    [
      app.customerId,
      app.appId,
      health.health,
      health.code ?? null,
      health.reason ?? null,
      health.detail ?? null,
      health.attempt,
      health.backOffUntil ?? null,
      app.revision,
      now,
    ],
  );
  return rows[0]!.checkSeq;
}

/** Remembers that the service provider's list is whole, or used up. */
export async function saveListState(tx: Db, app: AppKey, listState: 'held' | 'used'): Promise<void> {
  await tx.query(`update apps set list_state = $3 where customer_id = $1 and app_id = $2`, [
    app.customerId,
    app.appId,
    listState,
  ]);
}

/** Remembers whether the service provider says that it knows PATCH. */
export async function saveDiscovery(db: Db, app: AppKey, patchSupported: boolean): Promise<void> {
  await db.query(`update apps set patch_supported = $3 where customer_id = $1 and app_id = $2`, [
    app.customerId,
    app.appId,
    patchSupported,
  ]);
}

/**
 * Adds what one pass counted: requests by method, and writes whose effect was seen, by kind; and says when the next pass may
 * send, by the database's clock.
 */
export async function saveEndOfPass(
  db: Db,
  app: AppKey,
  pass: {
    requestCounts: Record<string, number>;
    provenWrites: Record<string, number>;
    paces: { requests: { waitMs: number }; writes?: { waitMs: number } };
  },
): Promise<void> {
  const { requestCounts, provenWrites, paces } = pass;
  const after = (given: string) => `clock_timestamp() + ${given} * interval '1 millisecond'`;
  const sum = (column: string, given: string) => `(
    select coalesce(jsonb_object_agg(key, total), '{}') from (
      select key, sum(value::numeric) as total
      from (select * from jsonb_each_text(${column}) union all select * from jsonb_each_text(${given})) both_counts
      group by key) totals)`;
  await db.query(
    `update apps set request_counts = ${sum('request_counts', '$3::jsonb')},
       proven_writes = ${sum('proven_writes', '$4::jsonb')},
       next_request_at = ${after('$5::float8')}, next_write_at = ${after('$6::float8')}
     where customer_id = $1 and app_id = $2`,
    [app.customerId, app.appId, requestCounts, provenWrites, paces.requests.waitMs, paces.writes?.waitMs ?? 0],
  );
}

/** People to be decided: changed since the cursor (everybody after a change of the setup), and others who are due. */
export async function countPending(db: Db, { customerId, appId }: AppKey, now: Date): Promise<bigint> {
  const { rows } = await db.query<{ pending: bigint }>(
    `select count(*) as pending
     from apps join setups using (customer_id, app_id) join users using (customer_id)
       left join accounts using (customer_id, app_id, user_id)
     where apps.customer_id = $1 and apps.app_id = $2
       and (users.ingest_no > cursor_no or cursor_revision < setups.revision or accounts.due_at <= $3)`,
    [customerId, appId, now],
  );
  return rows[0]!.pending;
}
