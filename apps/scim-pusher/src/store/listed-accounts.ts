import type { Db } from '@autoprov/postgres';
import type { ScimUser } from '@autoprov/scim';
import type { AppKey } from '../domain/model.ts';

/** Forgets an earlier list. */
export async function clearListedAccounts(tx: Db, app: AppKey): Promise<void> {
  await tx.query(`delete from listed_accounts where customer_id = $1 and app_id = $2`, [app.customerId, app.appId]);
}

/** Stores a page of the service provider's list. */
export async function saveListedAccounts(tx: Db, app: AppKey, accounts: readonly (ScimUser & { id: string })[]) {
  await tx.query(
    `insert into listed_accounts (customer_id, app_id, scim_id, user_name, external_id, emails, resource)
     select $1, $2, r->>'id', coalesce(r->>'userName', ''), r->>'externalId',
       array(select lower(e->>'value') from jsonb_path_query(r, 'lax $.emails[*]') as e where e->>'value' is not null), r
     from jsonb_array_elements($3) as r
     on conflict (customer_id, app_id, scim_id) do update set resource = excluded.resource`,
    [app.customerId, app.appId, JSON.stringify(accounts)],
  );
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

/** Listed accounts that hold a value: `externalId`, `userName` or `emails`. */
export async function findListedAccounts(db: Db, app: AppKey, attribute: string, value: string): Promise<ScimUser[]> {
  const conditions: Record<string, string> = {
    externalId: 'external_id = $3',
    userName: 'lower(user_name) = lower($3)',
    emails: 'emails @> array[lower($3)]',
  };
  const condition = conditions[attribute];
  if (!condition) throw new Error(`accounts are not listed by ${attribute}: match by externalId, userName or emails`);
  const { rows } = await db.query<{ resource: ScimUser }>(
    `select resource from listed_accounts where customer_id = $1 and app_id = $2 and ${condition}`,
    [app.customerId, app.appId, value],
  );
  return rows.map((row) => row.resource);
}
