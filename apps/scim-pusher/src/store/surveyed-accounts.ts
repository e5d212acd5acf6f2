import type { Db } from '@autoprov/postgres';
import type { ScimUser } from '@autoprov/scim';
import type { AppKey } from '../domain/model.ts';
import { listedValues, selectHolding } from './listed-accounts.ts';

/** One report's list of a service provider's accounts. */
export type Survey = AppKey & { surveyId: string };

/** A listed account, and how many people in scope it matches. */
export type SurveyedAccount = { resource: ScimUser; matchCount: number };

/** An account that matches nobody in scope; `userId`: whose primary address its user name is all the same. */
export type UnmatchedAccount = { resource: ScimUser; userId?: string };

/**
 * Stores some accounts of the service provider's.
 *
 * @returns how many of them were not there yet, and their size in characters
 */
export async function saveSurveyedAccounts(
  db: Db,
  { surveyId, customerId, appId }: Survey,
  accounts: readonly ScimUser[],
): Promise<{ count: number; chars: number }> {
  const { rows } = await db.query<{ count: number; chars: number }>(
    `with saved as (
       insert into surveyed_accounts (survey_id, customer_id, app_id, scim_id, user_name, external_id, emails, resource)
       select $1, $2, $3, ${listedValues}
       from jsonb_array_elements($4) as r
       on conflict (survey_id, scim_id) do nothing
       returning length(resource::text) as chars)
     select count(*)::int as count, coalesce(sum(chars), 0)::float8 as chars from saved`,
    [surveyId, customerId, appId, JSON.stringify(accounts)],
  );
  return rows[0]!;
}

/** The accounts that hold one of some values, by value: `userName` and `emails` in lower case. */
export async function findSurveyedAccounts(
  db: Db,
  { surveyId }: Survey,
  attribute: string,
  values: readonly string[],
): Promise<Map<string, SurveyedAccount[]>> {
  const { sql, params } = selectHolding('surveyed_accounts where survey_id = $1', [surveyId], attribute, values);
  const { rows } = await db.query<SurveyedAccount & { value: string }>(
    `select value, resource, match_count as "matchCount" from (${sql}) as found order by scim_id`,
    params,
  );
  return Map.groupBy(rows, ({ value }) => value);
}

/** Counts people whom accounts match: one for each time that an id is given. */
export async function addMatches(db: Db, { surveyId }: Survey, scimIds: readonly string[]): Promise<void> {
  if (scimIds.length === 0) return;
  await db.query(
    `update surveyed_accounts set match_count = match_count + n
     from (select scim_id, count(*)::int as n from unnest($2::text[]) as scim_id group by scim_id) as matched
     where survey_id = $1 and surveyed_accounts.scim_id = matched.scim_id`,
    [surveyId, scimIds],
  );
}

/** How many accounts are held: less than were stored after a crash of PostgreSQL, which empties this table, or after a day. */
export async function countSurveyedAccounts(db: Db, { surveyId }: Pick<Survey, 'surveyId'>): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from surveyed_accounts where survey_id = $1`,
    [surveyId],
  );
  return rows[0]!.count;
}

const unmatched = `survey_id = $1 and match_count = 0 and not exists (
  select from accounts where accounts.customer_id = surveyed_accounts.customer_id
    and accounts.app_id = surveyed_accounts.app_id and accounts.scim_id = surveyed_accounts.scim_id
    and state in ('active', 'suspended'))`;

/** How many accounts match nobody in scope, how many of these are active. */
export async function countUnmatched(db: Db, { surveyId }: Survey): Promise<{ all: number; active: number }> {
  const { rows } = await db.query<{ all: number; active: number }>(
    `select count(*)::int as "all",
       (count(*) filter (where lower(coalesce(resource->>'active', 'true')) <> 'false'))::int as active
     from surveyed_accounts where ${unmatched}`,
    [surveyId],
  );
  return rows[0]!;
}

/** A page of the accounts that match nobody in scope, by id. */
export async function listUnmatched(
  db: Db,
  { surveyId, customerId }: Survey,
  afterScimId: string,
  limit: number,
): Promise<UnmatchedAccount[]> {
  const { rows } = await db.query<{ resource: ScimUser; userId: string | null }>(
    `select resource, (select user_id from users
         where users.customer_id = $4 and lower(primary_email) = lower(user_name) limit 1) as "userId"
     from surveyed_accounts where ${unmatched} and scim_id > $2 order by scim_id limit $3`,
    [surveyId, afterScimId, limit, customerId],
  );
  return rows.map(({ resource, userId }) => ({ resource, ...(userId !== null && { userId }) }));
}

/** How many people match an account that another person matches, too. */
export async function countContested(db: Db, { surveyId }: Survey): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select coalesce(sum(match_count), 0)::int as count from surveyed_accounts where survey_id = $1 and match_count > 1`,
    [surveyId],
  );
  return rows[0]!.count;
}

/** The report is made. */
export async function deleteSurvey(db: Db, { surveyId }: Survey): Promise<void> {
  await db.query(`delete from surveyed_accounts where survey_id = $1`, [surveyId]);
}

/** Forgets what reports that broke off have left. */
export async function forgetSurveys(db: Db): Promise<void> {
  await db.query(`delete from surveyed_accounts where surveyed_at < clock_timestamp() - interval '1 day'`);
}
