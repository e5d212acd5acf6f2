import type { Db } from '@autoprov/postgres';

/** A customer's service account; the key is sealed. */
export type StoredDelegation = {
  customerId: string;
  serviceAccountEmail: string;
  clientId: string;
  adminEmail: string;
  version: bigint;
  sealed: Buffer;
  updateTime: Date;
};

/** The version that the next replacement gets. To be called in the transaction that stores it. */
export async function nextDelegationVersion(tx: Db, customerId: string): Promise<bigint> {
  const { rows } = await tx.query<{ version: bigint }>(
    `select version + 1 as version from delegations where customer_id = $1 for update`,
    [customerId],
  );
  return rows[0]?.version ?? 1n;
}

/** Stores or replaces. */
export async function saveDelegation(tx: Db, d: StoredDelegation): Promise<void> {
  await tx.query(
    `insert into delegations (customer_id, service_account_email, client_id, admin_email, version, sealed, update_time)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (customer_id) do update
       set service_account_email = excluded.service_account_email, client_id = excluded.client_id,
           admin_email = excluded.admin_email, version = excluded.version, sealed = excluded.sealed,
           update_time = excluded.update_time`,
    [d.customerId, d.serviceAccountEmail, d.clientId, d.adminEmail, d.version, d.sealed, d.updateTime],
  );
}

/** One customer's; undefined: none is stored. */
export async function findDelegation(db: Db, customerId: string): Promise<StoredDelegation | undefined> {
  const { rows } = await db.query<StoredDelegation>(
    `select customer_id as "customerId", service_account_email as "serviceAccountEmail", client_id as "clientId",
       admin_email as "adminEmail", version, sealed, update_time as "updateTime"
     from delegations where customer_id = $1`,
    [customerId],
  );
  return rows[0];
}

/** Whether there was one. */
export async function deleteDelegation(db: Db, customerId: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from delegations where customer_id = $1`, [customerId]);
  return rowCount > 0;
}
