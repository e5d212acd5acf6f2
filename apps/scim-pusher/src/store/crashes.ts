import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/model.ts';

/** Notes that an app's pass ended with an unexpected error; answers how many have in a row. */
export async function addCrash(tx: Db, { customerId, appId }: AppKey): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `insert into crashes (customer_id, app_id) values ($1, $2)
     on conflict (customer_id, app_id) do update set crash_count = crashes.crash_count + 1
     returning crash_count as count`,
    [customerId, appId],
  );
  return rows[0]!.count;
}

/** Whether an app's last pass ended with an unexpected error. */
export async function isCrashed(db: Db, { customerId, appId }: AppKey): Promise<boolean> {
  const { rows } = await db.query(`select from crashes where customer_id = $1 and app_id = $2`, [customerId, appId]);
  return rows.length > 0;
}

/** Notes that an app's pass ended well; answers whether it was the last one of which the opposite was noted. */
export async function endCrash(tx: Db, { customerId, appId }: AppKey): Promise<boolean> {
  const { rowCount } = await tx.query(`delete from crashes where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  if (rowCount === 0) return false;
  const { rows } = await tx.query(`select from crashes limit 1`);
  return rows.length === 0;
}
