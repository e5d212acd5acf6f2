import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/app-key.ts';

/** An app as stored; `template` is its template's name. */
export type App = AppKey & { displayName: string; template: string; createTime: Date };

const columns = `customer_id as "customerId", app_id as "appId", display_name as "displayName", template, create_time as "createTime"`;

/** False: the customer has an app of that id. */
export async function insertApp(tx: Db, app: App): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into apps (customer_id, app_id, display_name, template, create_time) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [app.customerId, app.appId, app.displayName, app.template, app.createTime],
  );
  return rowCount === 1;
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

export async function deleteApp(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(`delete from apps where customer_id = $1 and app_id = $2`, [customerId, appId]);
}
