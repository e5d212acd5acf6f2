import type { Db } from '@autoprov/postgres';
import type { AppKey } from '../domain/app-key.ts';

/** A deleted setup whose access is to be withdrawn. */
export type PendingRevocation = AppKey & {
  revocationId: bigint;
  /** When it was deleted, by the database's clock. */
  deleteTime: Date;
  /** No other setup of the customer exists now. */
  lastSetup: boolean;
};

// Asked for now and not kept: of two setups deleted at once, the one that is asked for later is the last.
const select = `select revocation_id as "revocationId", customer_id as "customerId", app_id as "appId",
  create_time as "deleteTime",
  not exists (select from setups s where s.customer_id = p.customer_id and s.document is not null) as "lastSetup"
  from pending_revocations p`;

/**
 * Stores, with the deletion, that the app's access is to be withdrawn. In place of an earlier one that the broker does not
 * know of yet: this one is of later, and is not settled by an answer to that one.
 */
export async function savePendingRevocation(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(
    `insert into pending_revocations (customer_id, app_id, create_time) values ($1, $2, clock_timestamp())
     on conflict (customer_id, app_id) do update
       set revocation_id = default, create_time = excluded.create_time`,
    [customerId, appId],
  );
}

/** Takes it back: the app has a setup again. */
export async function cancelPendingRevocation(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(`delete from pending_revocations where customer_id = $1 and app_id = $2`, [customerId, appId]);
}

/** What is to be withdrawn of one app; undefined: nothing. */
export async function findPendingRevocation(
  db: Db,
  { customerId, appId }: AppKey,
): Promise<PendingRevocation | undefined> {
  const { rows } = await db.query<PendingRevocation>(`${select} where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  return rows[0];
}

/** At most `limit` of those after an id, oldest first. */
export async function listPendingRevocations(db: Db, afterId: bigint, limit: number): Promise<PendingRevocation[]> {
  const { rows } = await db.query<PendingRevocation>(
    `${select} where revocation_id > $1 order by revocation_id limit $2`,
    [afterId, limit],
  );
  return rows;
}

/** The broker knows of it now. */
export async function deletePendingRevocation(db: Db, { revocationId }: PendingRevocation): Promise<void> {
  await db.query(`delete from pending_revocations where revocation_id = $1`, [revocationId]);
}
