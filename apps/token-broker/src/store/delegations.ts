import type { Db } from '@autoprov/postgres';

/** A customer's service account, and what is known of the directory that it reads. */
export type StoredDelegation = {
  customerId: string;
  serviceAccountEmail: string;
  clientId: string;
  adminEmail: string;
  version: bigint;
  /** The sealed key; null: Google's IAM signs. */
  sealed: Buffer | null;
  /** When it was stored, by the database's clock. */
  updateTime: Date;
  /** The Google customer that it is bound to; null: none yet. */
  googleCustomerId: string | null;
  /** The version for which a check has confirmed that; null: none, or the last check failed. */
  confirmedVersion: bigint | null;
  checkTime: Date | null;
};

/** What a caller stores; the rest a check finds out. */
export type NewDelegation = Pick<
  StoredDelegation,
  'customerId' | 'serviceAccountEmail' | 'clientId' | 'adminEmail' | 'version' | 'sealed'
>;

/** A delegation whose key is stored. */
export type SealedDelegation = StoredDelegation & { sealed: Buffer };

const columns = `customer_id as "customerId", service_account_email as "serviceAccountEmail", client_id as "clientId",
  admin_email as "adminEmail", version, sealed, update_time as "updateTime", google_customer_id as "googleCustomerId",
  confirmed_version as "confirmedVersion", check_time as "checkTime"`;

/** Stores or replaces. What it is bound to stays, to be compared with what the new one reads. */
export async function saveDelegation(tx: Db, d: NewDelegation): Promise<StoredDelegation> {
  const { rows } = await tx.query<StoredDelegation>(
    `insert into delegations (customer_id, service_account_email, client_id, admin_email, version, sealed, update_time)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp())
     on conflict (customer_id) do update
       set service_account_email = excluded.service_account_email, client_id = excluded.client_id,
           admin_email = excluded.admin_email, version = excluded.version, sealed = excluded.sealed,
           update_time = excluded.update_time
     returning ${columns}`,
    [d.customerId, d.serviceAccountEmail, d.clientId, d.adminEmail, d.version, d.sealed],
  );
  return rows[0]!;
}

/** Whether another customer has that service account. */
export async function isServiceAccountTaken(
  db: Db,
  { customerId, serviceAccountEmail, clientId }: Pick<NewDelegation, 'customerId' | 'serviceAccountEmail' | 'clientId'>,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from delegations
     where customer_id <> $1 and (client_id = $2 or lower(service_account_email) = lower($3))`,
    [customerId, clientId, serviceAccountEmail],
  );
  return rowCount > 0;
}

/** One customer's; undefined: none is stored. */
export async function findDelegation(db: Db, customerId: string): Promise<StoredDelegation | undefined> {
  const { rows } = await db.query<StoredDelegation>(`select ${columns} from delegations where customer_id = $1`, [
    customerId,
  ]);
  return rows[0];
}

/** The same, which nobody else changes until the transaction ends. */
export async function lockDelegation(tx: Db, customerId: string): Promise<StoredDelegation | undefined> {
  const { rows } = await tx.query<StoredDelegation>(
    `select ${columns} from delegations where customer_id = $1 for update`,
    [customerId],
  );
  return rows[0];
}

/** Whether there was one. */
export async function deleteDelegation(db: Db, customerId: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from delegations where customer_id = $1`, [customerId]);
  return rowCount > 0;
}

type Version = Pick<StoredDelegation, 'customerId' | 'version'>;

/**
 * Binds the customer to the directory that this version reads, or confirms the binding; the next check is due within a
 * day, at a time of its own. False: it is bound to another, or the version is replaced. Throws the unique violation of
 * delegations_google_customer_id when another customer is bound to it.
 */
export async function confirmBinding(
  db: Db,
  { customerId, version }: Version,
  googleCustomerId: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update delegations
     set google_customer_id = $3, confirmed_version = version, check_time = $4,
         next_check_time = $4::timestamptz + (0.5 + random() / 2) * interval '1 day'
     where customer_id = $1 and version = $2 and coalesce(google_customer_id, $3) = $3`,
    [customerId, version, googleCustomerId, now],
  );
  return rowCount > 0;
}

/** From now on no token is given out until a check passes. False: the version is replaced. */
export async function withdrawConfirmation(db: Db, { customerId, version }: Version, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `update delegations set confirmed_version = null, check_time = $3 where customer_id = $1 and version = $2`,
    [customerId, version, now],
  );
  return rowCount > 0;
}

/**
 * Takes the bound delegation whose check has been due longest; it is due again in an hour, unless a check passes. One that
 * is to be withdrawn is none: that Google refuses it is what is waited for then (run-revocations.ts).
 */
export async function takeDelegationToCheck(db: Db, now: Date): Promise<StoredDelegation | undefined> {
  const { rows } = await db.query<StoredDelegation>(
    `update delegations set next_check_time = $1::timestamptz + interval '1 hour'
     where customer_id = (
       select customer_id from delegations d where google_customer_id is not null and next_check_time <= $1
         and not exists (select from revocations r where r.customer_id = d.customer_id and r.kind = 'delegation')
       order by next_check_time limit 1)
     returning ${columns}`,
    [now],
  );
  return rows[0];
}

/** What was sealed with another key than the one of this prefix. */
export async function listDelegationsNotSealedWith(db: Db, prefix: Buffer): Promise<SealedDelegation[]> {
  const { rows } = await db.query<SealedDelegation>(
    `select ${columns} from delegations where substring(sealed from 1 for length($1::bytea)) <> $1`,
    [prefix],
  );
  return rows;
}

/** Nothing happens when the secret was replaced meanwhile. */
export async function replaceSealedDelegation(db: Db, row: SealedDelegation, sealed: Buffer): Promise<void> {
  await db.query(`update delegations set sealed = $1 where customer_id = $2 and sealed = $3`, [
    sealed,
    row.customerId,
    row.sealed,
  ]);
}
