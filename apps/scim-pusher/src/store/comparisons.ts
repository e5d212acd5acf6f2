import type { Db } from '@autoprov/postgres';
import type { FindingKind } from '../domain/judge-drift.ts';
import type { AppKey } from '../domain/model.ts';
import { deleteFindings, findingKinds, idOf, key, keyOf, type ComparisonKey } from './findings.ts';
import { withoutNulls } from './without-nulls.ts';

/** A comparison that goes on: how far the list has come, and what was seen of it. */
export type RunningComparison = ComparisonKey & {
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
export type EndedComparison = ComparisonKey & {
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

/** The last comparison that has ended. */
export async function findComparison(db: Db, app: AppKey): Promise<EndedComparison | undefined> {
  const distinct = (kind: FindingKind) => `count(distinct scim_id) filter (where kind = ${findingKinds[kind]})`;
  const { rows } = await db.query<EndedComparison>(
    `select c.customer_id as "customerId", c.app_id as "appId", c.comparison_id as "comparisonId",
       begun_at as "begunAt", ended_at as "endedAt", setup_revision as "setupRevision", repairs, complete, explanation,
       account_count as "accountCount", compared_count as "comparedCount", unlisted_attributes as "unlistedAttributes",
       numbers.*
     from comparisons as c cross join lateral (
       select ${distinct('drift')} as drifted, ${distinct('missing')} as missing, ${distinct('unlinked')} as unlinked,
         ${distinct('orphan')} as orphans,
         (select coalesce(jsonb_object_agg(writer, n), '{}') from (
            select coalesce(external_id_origin, 'changed after our last write') as writer, count(distinct scim_id) as n
            from comparison_findings as f
            where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = c.comparison_id and kind = ${findingKinds.drift}
              and (external_id_origin is not null or modified_at is not null)
            group by 1) as writers) as "secondWriters"
       from comparison_findings as f
       where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = c.comparison_id) as numbers
     where c.customer_id = $1 and c.app_id = $2 and ended_at is not null`,
    keyOf(app),
  );
  return rows[0];
}
