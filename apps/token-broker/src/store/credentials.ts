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

const columns = `customer_id as "customerId", app_id as "appId", kind, version, sealed, expire_time as "expireTime",
  update_time as "updateTime"`;

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
    `select ${columns} from credentials where customer_id = $1 and app_id = $2`,
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

/** What was sealed with another key than the one of this prefix. */
export async function listCredentialsNotSealedWith(db: Db, prefix: Buffer): Promise<StoredCredential[]> {
  const { rows } = await db.query<StoredCredential>(
    `select ${columns} from credentials where substring(sealed from 1 for length($1::bytea)) <> $1`,
    [prefix],
  );
  return rows;
}

/** Nothing happens when the secret was replaced meanwhile. */
export async function replaceSealedCredential(db: Db, row: StoredCredential, sealed: Buffer): Promise<void> {
  await db.query(`update credentials set sealed = $1 where customer_id = $2 and app_id = $3 and sealed = $4`, [
    sealed,
    row.customerId,
    row.appId,
    row.sealed,
  ]);
}
