import type { Db } from '@autoprov/postgres';

/** An app's credential; the secret is sealed. */
export type StoredCredential = {
  customerId: string;
  appId: string;
  kind: 'bearer' | 'basic';
  version: bigint;
  sealed: Buffer;
  expireTime: Date | null;
  updateTime: Date;
};

/** The version that the next replacement gets. To be called in the transaction that stores it. */
export async function nextCredentialVersion(tx: Db, customerId: string, appId: string): Promise<bigint> {
  const { rows } = await tx.query<{ version: bigint }>(
    `select version + 1 as version from credentials where customer_id = $1 and app_id = $2 for update`,
    [customerId, appId],
  );
  return rows[0]?.version ?? 1n;
}

/** Stores or replaces. */
export async function saveCredential(tx: Db, c: StoredCredential): Promise<void> {
  await tx.query(
    `insert into credentials (customer_id, app_id, kind, version, sealed, expire_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (customer_id, app_id) do update
       set kind = excluded.kind, version = excluded.version, sealed = excluded.sealed,
           expire_time = excluded.expire_time, update_time = excluded.update_time`,
    [c.customerId, c.appId, c.kind, c.version, c.sealed, c.expireTime, c.updateTime],
  );
}

/** One app's; undefined: none is stored. */
export async function findCredential(db: Db, customerId: string, appId: string): Promise<StoredCredential | undefined> {
  const { rows } = await db.query<StoredCredential>(
    `select customer_id as "customerId", app_id as "appId", kind, version, sealed, expire_time as "expireTime",
       update_time as "updateTime"
     from credentials where customer_id = $1 and app_id = $2`,
    [customerId, appId],
  );
  return rows[0];
}

/** Whether there was one. */
export async function deleteCredential(db: Db, customerId: string, appId: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from credentials where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  return rowCount > 0;
}
