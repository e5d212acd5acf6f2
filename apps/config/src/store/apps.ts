import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/app-key.ts';

/** An app as stored; `template` is its template's name, `etag` another one with each write. */
export type App = AppKey & { displayName: string; template: string; createTime: Date; etag: string };

const columns = `customer_id as "customerId", app_id as "appId", display_name as "displayName", template, create_time as "createTime", etag`;

/** The app as stored; undefined: the customer has an app of that id. */
export async function insertApp(tx: Db, app: Omit<App, 'etag'>): Promise<App | undefined> {
  const { rows } = await tx.query<App>(
    `insert into apps (customer_id, app_id, display_name, template, create_time) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning ${columns}`,
    [app.customerId, app.appId, app.displayName, app.template, app.createTime],
  );
  return rows[0];
}

/** The app; undefined: it is not installed. */
export async function findApp(db: Db, { customerId, appId }: AppKey): Promise<App | undefined> {
  const { rows } = await db.query<App>(`select ${columns} from apps where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  return rows[0];
}

/** The app, whose setup nobody else can change until the transaction ends: every write of a setup begins with it. */
export async function lockApp(tx: Db, { customerId, appId }: AppKey): Promise<App | undefined> {
  const { rows } = await tx.query<App>(
    `select ${columns} from apps where customer_id = $1 and app_id = $2 for update`,
    [customerId, appId],
  );
  return rows[0];
}

/** At most `limit` of the customer's apps whose ids come after `afterId`, in the order of ids. */
export async function listApps(db: Db, customerId: string, afterId: string, limit: number): Promise<App[]> {
  const { rows } = await db.query<App>(
    `select ${columns} from apps where customer_id = $1 and app_id > $2 order by app_id limit $3`,
    [customerId, afterId, limit],
  );
  return rows;
}

/**
 * All of a customer's apps, whose setups nobody else can change until the transaction ends. They are locked in the order
 * of ids, after the customer and before a revision is taken: all writers follow this order, so none waits for another
 * in a circle.
 */
export async function lockApps(tx: Db, customerId: string): Promise<App[]> {
  const { rows } = await tx.query<App>(
    `select ${columns} from apps where customer_id = $1 order by app_id for update`,
    [customerId],
  );
  return rows;
}

/** Stores an app's name under a new etag. Returns it as stored. */
export async function updateApp(tx: Db, { customerId, appId, displayName }: App): Promise<App> {
  const { rows } = await tx.query<App>(
    `update apps set display_name = $3, etag = gen_random_uuid() where customer_id = $1 and app_id = $2
     returning ${columns}`,
    [customerId, appId, displayName],
  );
  return rows[0]!;
}

export async function deleteApp(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(`delete from apps where customer_id = $1 and app_id = $2`, [customerId, appId]);
}
