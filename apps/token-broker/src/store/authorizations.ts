import type { Db } from '@autoprov/postgres';
import type { AppKey } from './credentials.ts';

/** An OAuth authorization that was begun; the client and the PKCE verifier are sealed. */
export type StoredAuthorization = AppKey & {
  /** Only the person's browser has the state itself. */
  stateHash: Buffer;
  /** The workload that began it, and the hash of the person it acted for; empty: for nobody. */
  caller: string;
  person: string;
  redirectUri: string;
  version: bigint;
  sealed: Buffer;
  expireTime: Date;
};

/** Stores it, and forgets those that have ended. */
export async function saveAuthorization(db: Db, a: StoredAuthorization, now: Date): Promise<void> {
  await db.query(`delete from authorizations where expire_time <= $1`, [now]);
  await db.query(
    `insert into authorizations
       (state_hash, customer_id, app_id, caller, person, redirect_uri, version, sealed, expire_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [a.stateHash, a.customerId, a.appId, a.caller, a.person, a.redirectUri, a.version, a.sealed, a.expireTime],
  );
}

/** Takes it: nobody finds it again. Undefined: there is none of this state for this app, caller and person, or it ended. */
export async function takeAuthorization(
  db: Db,
  {
    stateHash,
    customerId,
    appId,
    caller,
    person,
  }: Omit<StoredAuthorization, 'redirectUri' | 'version' | 'sealed' | 'expireTime'>,
  now: Date,
): Promise<StoredAuthorization | undefined> {
  const { rows } = await db.query<StoredAuthorization>(
    `delete from authorizations
     where state_hash = $1 and customer_id = $2 and app_id = $3 and caller = $4 and person = $5 and expire_time > $6
     returning state_hash as "stateHash", customer_id as "customerId", app_id as "appId", caller, person,
       redirect_uri as "redirectUri", version, sealed, expire_time as "expireTime"`,
    [stateHash, customerId, appId, caller, person, now],
  );
  return rows[0];
}

/** Whatever was begun for an app can't be completed any more; where `until` is given, what was begun by that millisecond. */
export async function deleteAuthorizations(tx: Db, { customerId, appId }: AppKey, until?: Date): Promise<void> {
  await tx.query(
    `delete from authorizations
     where customer_id = $1 and app_id = $2 and ($3::timestamptz is null or date_trunc('milliseconds', begin_time) <= $3)`,
    [customerId, appId, until ?? null],
  );
}
