import type { Db } from '@autoprov/postgres';
import { parsePath, type JsonObject, type ScimUser } from '@autoprov/scim';
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
  const { sql, params } = selectHolding(listed, [app.customerId, app.appId], attribute, values);
  const { rows } = await db.query<{ value: string; resource: ScimUser }>(
    `select value, resource from (${sql}) as found order by scim_id`,
    params,
  );
  const byValue = Map.groupBy(rows, ({ value }) => value);
  return new Map([...byValue].map(([value, found]) => [value, found.map(({ resource }) => resource)]));
}

/**
 * Selects accounts of a list that hold one of some values, with that value.
 *
 * @param accounts a table of listed accounts with its condition on `given`, its parameters
 */
export function selectHolding(
  accounts: string,
  given: readonly string[],
  attribute: string,
  values: readonly string[],
): { sql: string; params: unknown[] } {
  const params: unknown[] = [...given, values];
  const wanted = `any($${params.length}::text[])`;
  switch (attribute) {
    case 'externalId':
      return { sql: `select external_id as value, * from ${accounts} and external_id = ${wanted}`, params };
    case 'userName':
      return { sql: `select lower(user_name) as value, * from ${accounts} and lower(user_name) = ${wanted}`, params };
    case 'emails': {
      const some = `select unnest(emails) as value, * from ${accounts} and emails && $${params.length}::text[]`;
      return { sql: `select distinct on (value, scim_id) * from (${some}) as holding where value = ${wanted}`, params };
    }
    default: {
      // No index is of what a rule may compare: the list is scanned.
      const some = `select case jsonb_typeof(held) when 'object' then held->>'value' else held #>> '{}' end as value, listed.*
        from (select * from ${accounts}) as listed, jsonb_path_query(resource, $${params.length + 1}::jsonpath) as held`;
      const sql = `select distinct on (value, scim_id) * from (${some}) as holding where value = ${wanted}`;
      return { sql, params: [...params, pathOf(attribute)] };
    }
  }
}

/** An attribute in SQL/JSON; one of an extension is a member of the extension's object (RFC 7643 §3.3). */
function pathOf(attribute: string): string {
  const { urn, attribute: name, subAttribute } = parsePath(attribute);
  const keys = [urn, name, subAttribute].filter((key) => key !== undefined);
  return `lax $${keys.map((key) => `.${JSON.stringify(key)}`).join('')}`;
}
