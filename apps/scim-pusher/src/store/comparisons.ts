import type { Db } from '@autoprov/postgres';
import type { JsonValue } from '@autoprov/scim';
import type { AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

/** A comparison that goes on: how far the list has come, and what was seen of it. */
export type RunningComparison = AppKey & {
  comparisonId: string;
  /** Absent: it has not begun. */
  begunAt?: Date;
  setupRevision?: bigint;
  startIndex: number;
  pageCount: number;
  accountCount: number;
  charCount: number;
  totalResults?: number;
  comparedCount: number;
  unlistedAttributes: string[];
};

/** A comparison that has ended, in numbers. */
export type EndedComparison = AppKey & {
  comparisonId: string;
  begunAt: Date;
  endedAt: Date;
  setupRevision: bigint;
  repairs: boolean;
  complete: boolean;
  explanation: string;
  accountCount: number;
  comparedCount: number;
  unlistedAttributes: string[];
  drifted: bigint;
  missing: bigint;
  unlinked: bigint;
  orphans: bigint;
  secondWriters: Record<string, number>;
};

/** In the order in which they are shown. */
export const findingKinds = { drift: 1, missing: 2, unlinked: 3, orphan: 4 } as const;

export type FindingKind = keyof typeof findingKinds;

/** One thing that a comparison has found. */
export type Finding = {
  kind: FindingKind;
  scimId: string;
  userName: string;
  userId?: string;
  /** Of drift; otherwise ''. */
  attribute: string;
  accepted?: JsonValue;
  found?: JsonValue;
  modifiedAt?: Date;
  externalIdOrigin?: string;
  repair?: 'due' | 'stopped';
};

const key = `customer_id = $1 and app_id = $2`;

function keyOf({ customerId, appId }: AppKey): [string, string] {
  return [customerId, appId];
}

function idOf(comparison: AppKey & { comparisonId: string }): [string, string, string] {
  return [...keyOf(comparison), comparison.comparisonId];
}

/** Asks for a comparison, and gives its id: that of the one that goes on, if there is one. */
export async function askComparison(db: Db, app: AppKey): Promise<string> {
  const { rows } = await db.query<{ comparisonId: string }>(
    `insert into comparisons (customer_id, app_id, comparison_id) values ($1, $2, gen_random_uuid())
     on conflict (customer_id, app_id) where ended_at is null do update set ended_at = null
     returning comparison_id as "comparisonId"`,
    keyOf(app),
  );
  return rows[0]!.comparisonId;
}

/** The comparison that goes on, or waits to be begun. */
export async function findRunningComparison(db: Db, app: AppKey): Promise<RunningComparison | undefined> {
  const { rows } = await db.query<RunningComparison & { totalResults: string | null }>(
    `select customer_id as "customerId", app_id as "appId", comparison_id as "comparisonId", begun_at as "begunAt",
       setup_revision as "setupRevision", start_index as "startIndex", page_count as "pageCount",
       account_count as "accountCount", char_count as "charCount", total_results::float8 as "totalResults",
       compared_count as "comparedCount", unlisted_attributes as "unlistedAttributes"
     from comparisons where ${key} and ended_at is null`,
    keyOf(app),
  );
  return rows[0] && withoutNulls(rows[0]);
}

/** Begins a comparison, or begins it afresh: what was found so far is forgotten. */
export async function saveBeginning(tx: Db, comparison: RunningComparison, revision: bigint, now: Date): Promise<void> {
  await deleteFindings(tx, comparison);
  await tx.query(`delete from surveyed_accounts where survey_id = $1`, [comparison.comparisonId]);
  await tx.query(
    `update comparisons set begun_at = $4, setup_revision = $5, start_index = 1, page_count = 0, account_count = 0,
       char_count = 0, total_results = null, compared_count = 0, unlisted_attributes = '{}'
     where ${key} and comparison_id = $3`,
    [...idOf(comparison), now, revision],
  );
}

/** Stores how far it has come. */
export async function saveProgress(tx: Db, comparison: RunningComparison): Promise<void> {
  const { startIndex, pageCount, accountCount, charCount, totalResults, comparedCount } = comparison;
  await tx.query(
    `update comparisons set start_index = $4, page_count = $5, account_count = $6, char_count = $7, total_results = $8,
       compared_count = $9, unlisted_attributes = $10
     where ${key} and comparison_id = $3`,
    [
      ...idOf(comparison),
      startIndex,
      pageCount,
      accountCount,
      charCount,
      totalResults ?? null,
      comparedCount,
      comparison.unlistedAttributes,
    ],
  );
}

/** Adds findings; one that is there already stays. */
export async function saveFindings(
  tx: Db,
  comparison: AppKey & { comparisonId: string },
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  await tx.query(
    `insert into comparison_findings (customer_id, app_id, comparison_id, kind, scim_id, attribute, user_id, user_name,
       accepted, found, modified_at, external_id_origin, repair)
     select $1, $2, $3, (f->>'kind')::int, f->>'scimId', f->>'attribute', f->>'userId', f->>'userName', f->'accepted',
       f->'found', (f->>'modifiedAt')::timestamptz, f->>'externalIdOrigin', f->>'repair'
     from jsonb_array_elements($4) as f
     on conflict do nothing`,
    [...idOf(comparison), JSON.stringify(findings.map((one) => ({ ...one, kind: findingKinds[one.kind] })))],
  );
}

/** Linked accounts that the list did not show and that were linked before it was asked for, in pages of `limit`. */
export async function listUnseen(
  db: Db,
  comparison: RunningComparison,
  limit: number,
): Promise<{ userId: string; scimId: string; userName: string }[]> {
  const { rows } = await db.query<{ userId: string; scimId: string; userName: string }>(
    `select user_id as "userId", scim_id as "scimId", left(coalesce(accepted->>'userName', ''), 500) as "userName"
     from accounts
     where ${key} and state in ('active', 'suspended') and known_at < $4 and write_begun_at is null
       and not exists (select from surveyed_accounts as s where s.survey_id = $3 and s.scim_id = accounts.scim_id)
       and not exists (select from comparison_findings as f where f.customer_id = $1 and f.app_id = $2
         and f.comparison_id = $3 and f.kind = ${findingKinds.missing} and f.scim_id = accounts.scim_id)
     order by user_id limit $5`,
    [...idOf(comparison), comparison.begunAt, limit],
  );
  return rows;
}

/** How many accounts have been found missing so far. */
export async function countMissing(db: Db, comparison: RunningComparison): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from comparison_findings
     where ${key} and comparison_id = $3 and kind = ${findingKinds.missing}`,
    idOf(comparison),
  );
  return rows[0]!.count;
}

/**
 * Adds the accounts that no link names. Who has such an account's externalId as id, or its user name or address, is whom it
 * looks like. One that was deleted and only put aside is ours.
 */
export async function saveUnlinked(tx: Db, comparison: RunningComparison): Promise<void> {
  await tx.query(
    `insert into comparison_findings (customer_id, app_id, comparison_id, kind, scim_id, attribute, user_id, user_name)
     select $1, $2, $3, case when person.user_id is null then ${findingKinds.orphan} else ${findingKinds.unlinked} end,
       s.scim_id, '', person.user_id, s.user_name
     from surveyed_accounts as s left join lateral (
       select user_id from (
         select user_id from users where customer_id = $1 and user_id = s.external_id and not deleted
         union all select user_id from users
           where customer_id = $1 and lower(primary_email) = lower(s.user_name) and not deleted
         union all select user_id from users
           where customer_id = $1 and lower(primary_email) = any(s.emails) and not deleted) as found
       limit 1) as person on true
     where s.survey_id = $3 and not exists (
       select from accounts where accounts.customer_id = $1 and accounts.app_id = $2 and accounts.scim_id = s.scim_id
         and (state in ('active', 'suspended') or lower(coalesce(s.resource->>'active', 'true')) = 'false'))
     on conflict do nothing`,
    idOf(comparison),
  );
}

/** Ends a comparison; those before it are forgotten, and so is the list. */
export async function saveEnd(
  tx: Db,
  comparison: RunningComparison,
  end: { complete: boolean; explanation: string; repairs: boolean; now: Date },
): Promise<void> {
  if (!end.complete) await deleteFindings(tx, comparison, [findingKinds.missing]);
  await tx.query(`delete from comparisons where ${key} and ended_at is not null`, keyOf(comparison));
  await tx.query(
    `update comparisons set ended_at = $4, complete = $5, explanation = $6, repairs = $7
     where ${key} and comparison_id = $3`,
    [...idOf(comparison), end.now, end.complete, end.explanation, end.repairs],
  );
  await tx.query(`delete from surveyed_accounts where survey_id = $1`, [comparison.comparisonId]);
}

/** Has people whose account is missing decided again: what was accepted last is no longer relied on. */
export async function wakeMissing(tx: Db, comparison: RunningComparison, now: Date): Promise<void> {
  await tx.query(
    `with woken as (
       update accounts set write_begun_at = $4, due_at = $4
       from comparison_findings as f
       where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = $3 and f.kind = ${findingKinds.missing}
         and accounts.customer_id = $1 and accounts.app_id = $2 and accounts.user_id = f.user_id
         and accounts.scim_id = f.scim_id and state in ('active', 'suspended') and write_begun_at is null
       returning f.scim_id)
     update comparison_findings set repair = 'due'
     where ${key} and comparison_id = $3 and kind = ${findingKinds.missing} and scim_id in (select scim_id from woken)`,
    [...idOf(comparison), now],
  );
}

/** The last comparison that has ended. */
export async function findComparison(db: Db, app: AppKey): Promise<EndedComparison | undefined> {
  const distinct = (kind: number) => `count(distinct scim_id) filter (where kind = ${kind})`;
  const { rows } = await db.query<EndedComparison>(
    `select c.customer_id as "customerId", c.app_id as "appId", c.comparison_id as "comparisonId",
       begun_at as "begunAt", ended_at as "endedAt", setup_revision as "setupRevision", repairs, complete, explanation,
       account_count as "accountCount", compared_count as "comparedCount", unlisted_attributes as "unlistedAttributes",
       numbers.*
     from comparisons as c cross join lateral (
       select ${distinct(1)} as drifted, ${distinct(2)} as missing, ${distinct(3)} as unlinked, ${distinct(4)} as orphans,
         (select coalesce(jsonb_object_agg(writer, n), '{}') from (
            select coalesce(external_id_origin, 'changed after our last write') as writer, count(distinct scim_id) as n
            from comparison_findings as f
            where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = c.comparison_id and kind = 1
              and (external_id_origin is not null or modified_at is not null)
            group by 1) as writers) as "secondWriters"
       from comparison_findings as f
       where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = c.comparison_id) as numbers
     where c.customer_id = $1 and c.app_id = $2 and ended_at is not null`,
    keyOf(app),
  );
  return rows[0];
}

/** A page of what a comparison has found. */
export async function listFindings(
  db: Db,
  comparison: AppKey & { comparisonId: string },
  after: { kind: number; scimId: string; attribute: string },
  limit: number,
): Promise<Finding[]> {
  const { rows } = await db.query<Omit<Finding, 'kind'> & { kind: number }>(
    `select kind, scim_id as "scimId", attribute, user_id as "userId", user_name as "userName", accepted, found,
       modified_at as "modifiedAt", external_id_origin as "externalIdOrigin", repair
     from comparison_findings
     where ${key} and comparison_id = $3 and (kind, scim_id, attribute) > ($4, $5, $6)
     order by kind, scim_id, attribute limit $7`,
    [...idOf(comparison), after.kind, after.scimId, after.attribute, limit],
  );
  const names = Object.keys(findingKinds) as FindingKind[];
  return rows.map((row) => ({ ...withoutNulls(row), kind: names[row.kind - 1]! }));
}

/** The attributes of some people that a comparison had changed back with this revision of the setup, by user id. */
export async function findRepaired(
  db: Db,
  app: AppKey & { revision: bigint },
  userIds: readonly string[],
): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ userId: string; attributes: string[] }>(
    `select user_id as "userId", array_agg(attribute) as attributes from repaired_attributes
     where ${key} and user_id = any($3) and setup_revision = $4 group by user_id`,
    [...keyOf(app), userIds, app.revision],
  );
  return new Map(rows.map(({ userId, attributes }) => [userId, attributes]));
}

/** Remembers which of a person's attributes are changed back, and no others. */
export async function saveRepaired(
  tx: Db,
  app: AppKey & { revision: bigint },
  userId: string,
  attributes: readonly string[],
): Promise<void> {
  await tx.query(`delete from repaired_attributes where ${key} and user_id = $3`, [...keyOf(app), userId]);
  await tx.query(
    `insert into repaired_attributes (customer_id, app_id, user_id, attribute, setup_revision)
     select $1, $2, $3, attribute, $5 from unnest($4::text[]) as attribute`,
    [...keyOf(app), userId, attributes, app.revision],
  );
}

async function deleteFindings(
  tx: Db,
  comparison: AppKey & { comparisonId: string },
  kinds: readonly number[] = Object.values(findingKinds),
): Promise<void> {
  await tx.query(`delete from comparison_findings where ${key} and comparison_id = $3 and kind = any($4)`, [
    ...idOf(comparison),
    kinds,
  ]);
}
