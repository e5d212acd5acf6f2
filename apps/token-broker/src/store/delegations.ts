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

const columns = `customer_id as "customerId", service_account_email as "serviceAccountEmail", client_id as "clientId",
  admin_email as "adminEmail", version, sealed, update_time as "updateTime"`;

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
  const { rows } = await db.query<StoredDelegation>(`select ${columns} from delegations where customer_id = $1`, [
    customerId,
  ]);
  return rows[0];
}

/** Whether there was one. */
export async function deleteDelegation(db: Db, customerId: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from delegations where customer_id = $1`, [customerId]);
  return rowCount > 0;
}

/** What was sealed with another key than the one of this prefix. */
export async function listDelegationsNotSealedWith(db: Db, prefix: Buffer): Promise<StoredDelegation[]> {
  const { rows } = await db.query<StoredDelegation>(
    `select ${columns} from delegations where substring(sealed from 1 for length($1::bytea)) <> $1`,
    [prefix],
  );
  return rows;
}

/** Nothing happens when the secret was replaced meanwhile. */
export async function replaceSealedDelegation(db: Db, row: StoredDelegation, sealed: Buffer): Promise<void> {
  await db.query(`update delegations set sealed = $1 where customer_id = $2 and sealed = $3`, [
    sealed,
    row.customerId,
    row.sealed,
  ]);
}
