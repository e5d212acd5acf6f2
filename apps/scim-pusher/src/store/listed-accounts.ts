import type { Db } from '@autoprov/postgres';
import type { JsonObject, ScimUser } from '@autoprov/scim';
import type { AppKey } from '../domain/model.ts';

/** Forgets an earlier list. */
export async function clearListedAccounts(tx: Db, app: AppKey): Promise<void> {
  await tx.query(`delete from listed_accounts where customer_id = $1 and app_id = $2`, [app.customerId, app.appId]);
}

/** Of a resource `r`: id, userName, externalId, emails as they are looked for, and all of it. What is longer fits into no index. */
export const listedValues = `r->>'id', left(coalesce(r->>'userName', ''), 500), left(r->>'externalId', 500),
  array(select lower(e->>'value') from jsonb_path_query(r, 'lax $.emails[*]') as e
        where length(e->>'value') <= 500 limit 100), r`;

/**
 * Stores a page of the service provider's list, each with an id of its own. What they are looked up by is cut where no
 * person's is so long, for no index takes more.
 *
 * @returns how many of them were not there yet, and their size in characters
 */
export async function saveListedAccounts(
  tx: Db,
  app: AppKey,
  accounts: readonly JsonObject[],
): Promise<{ count: number; chars: number }> {
  const { rows } = await tx.query<{ count: number; chars: number }>(
    `with saved as (
       insert into listed_accounts (customer_id, app_id, scim_id, user_name, external_id, emails, resource)
       select $1, $2, ${listedValues}
       from jsonb_array_elements($3) as r
       on conflict (customer_id, app_id, scim_id) do nothing
       returning length(resource::text) as chars)
     select count(*)::int as count, coalesce(sum(chars), 0)::float8 as chars from saved`,
    [app.customerId, app.appId, JSON.stringify(accounts)],
  );
  return rows[0]!;
}

/** Whether the list holds anybody: a new service provider's is empty, and nobody need be looked for in it. */
export async function isListEmpty(db: Db, app: AppKey): Promise<boolean> {
  const { rowCount } = await db.query(`select from listed_accounts where customer_id = $1 and app_id = $2 limit 1`, [
    app.customerId,
    app.appId,
  ]);
  return rowCount === 0;
}

/** Whether an account was there before our first create. */
export async function wasListed(db: Db, app: AppKey, scimId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from listed_accounts where customer_id = $1 and app_id = $2 and scim_id = $3`,
    [app.customerId, app.appId, scimId],
  );
  return rowCount > 0;
}

/**
 * The listed accounts that hold one of some values, by value: `userName` and `emails` in lower case. A list is new, so that the
 * planner knows nothing of it: each query is one scan, whichever index it takes.
 */
export async function findListedAccounts(
  db: Db,
  app: AppKey,
  attribute: string,
  values: readonly string[],
): Promise<Map<string, ScimUser[]>> {
  const listed = 'listed_accounts where customer_id = $1 and app_id = $2';
  const sources: Record<string, string> = {
    externalId: `select external_id as value, scim_id, resource from ${listed} and external_id = any($3)`,
    userName: `select lower(user_name) as value, scim_id, resource from ${listed} and lower(user_name) = any($3)`,
    emails: `select distinct value, scim_id, resource from
      (select unnest(emails) as value, scim_id, resource from ${listed} and emails && $3::text[]) as found where value = any($3)`,
  };
  const source = sources[attribute];
  if (!source) throw new Error(`accounts are not listed by ${attribute}: match by externalId, userName or emails`);
  const { rows } = await db.query<{ value: string; resource: ScimUser }>(
    `select value, resource from (${source}) as found order by scim_id`,
    [app.customerId, app.appId, values],
  );
  const byValue = Map.groupBy(rows, ({ value }) => value);
  return new Map([...byValue].map(([value, found]) => [value, found.map(({ resource }) => resource)]));
}
