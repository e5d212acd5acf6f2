import type { Db } from '@autoprov/postgres';

/** Which app a row is of. */
export type AppKey = { customerId: string; appId: string };

/** An app's credential; the secret is sealed: the header of a bearer token or password, else the OAuth client. */
export type StoredCredential = AppKey & {
  kind: 'bearer' | 'basic' | 'oauth_code' | 'oauth_client_credentials';
  version: bigint;
  sealed: Buffer;
  /** The OAuth client's id; empty for other kinds. */
  clientId: string;
  expireTime: Date | null;
  /** When it was stored, by the database's clock. */
  updateTime: Date;
  /** Why the service provider gives no tokens any more; null: it does. */
  reauthorizeReason: string | null;
  /** The token endpoint is not asked before. */
  tokenRetryTime: Date | null;
  /** The version of the bearer token that was refused last, and when. */
  refusedVersion: bigint | null;
  refusedTime: Date | null;
  /** An older bearer token is kept beside it. */
  previousKept: boolean;
};

/** What is stored anew; the rest begins empty. */
export type NewCredential = Omit<
  StoredCredential,
  'updateTime' | 'reauthorizeReason' | 'tokenRetryTime' | 'refusedVersion' | 'refusedTime' | 'previousKept'
>;

/** A credential as it is when nothing has happened to it yet. */
export function newCredential(credential: NewCredential, updateTime: Date): StoredCredential {
  const nothing = { reauthorizeReason: null, tokenRetryTime: null, refusedVersion: null, refusedTime: null };
  return { ...credential, ...nothing, updateTime, previousKept: false };
}

/** Where a page of credentials ended; no end time comes last. */
export type CredentialPosition = AppKey & { expireTime: Date | null };

const columns = `customer_id as "customerId", app_id as "appId", kind, version, sealed, client_id as "clientId",
  expire_time as "expireTime", update_time as "updateTime", reauthorize_reason as "reauthorizeReason",
  token_retry_time as "tokenRetryTime", refused_version as "refusedVersion", refused_time as "refusedTime",
  exists (select from previous_credentials p where (p.customer_id, p.app_id) = (c.customer_id, c.app_id)) as "previousKept"`;

/** Stores or replaces; tokens of the one before go. A bearer token before it stays beside it when `keepPrevious`. */
export async function saveCredential(tx: Db, c: NewCredential, { keepPrevious }: { keepPrevious: boolean }) {
  const key = [c.customerId, c.appId];
  // Whoever is about to store tokens of the one before waits here, and finds another version.
  await tx.query(`select from credentials where customer_id = $1 and app_id = $2 for update`, key);
  await tx.query(`delete from oauth_tokens where customer_id = $1 and app_id = $2`, key);
  await tx.query(`delete from previous_credentials where customer_id = $1 and app_id = $2`, key);
  if (keepPrevious) {
    await tx.query(
      `insert into previous_credentials (customer_id, app_id, kind, version, sealed, expire_time)
       select customer_id, app_id, kind, version, sealed, expire_time
       from credentials where customer_id = $1 and app_id = $2 and kind = 'bearer'`,
      key,
    );
  }
  await tx.query(
    `insert into credentials (customer_id, app_id, kind, version, sealed, client_id, expire_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     on conflict (customer_id, app_id) do update
       set kind = excluded.kind, version = excluded.version, sealed = excluded.sealed, client_id = excluded.client_id,
           expire_time = excluded.expire_time, update_time = excluded.update_time, reauthorize_reason = null,
           token_retry_time = null, refused_version = null, refused_time = null`,
    [...key, c.kind, c.version, c.sealed, c.clientId, c.expireTime],
  );
}

/** One app's; undefined: none is stored. */
export async function findCredential(db: Db, { customerId, appId }: AppKey): Promise<StoredCredential | undefined> {
  const { rows } = await db.query<StoredCredential>(
    `select ${columns} from credentials c where customer_id = $1 and app_id = $2`,
    [customerId, appId],
  );
  return rows[0];
}

/** The same, which nobody else changes until the transaction ends. */
export async function lockCredential(tx: Db, { customerId, appId }: AppKey): Promise<StoredCredential | undefined> {
  const { rows } = await tx.query<StoredCredential>(
    `select ${columns} from credentials c where customer_id = $1 and app_id = $2 for update`,
    [customerId, appId],
  );
  return rows[0];
}

/** At most `limit`, soonest end first, after a position. `customerId` undefined: of all customers. */
export async function listCredentials(
  db: Db,
  {
    customerId,
    after,
    limit,
  }: { customerId: string | undefined; after: CredentialPosition | undefined; limit: number },
): Promise<StoredCredential[]> {
  const { rows } = await db.query<StoredCredential>(
    `select ${columns} from credentials c
     where ($1::text is null or customer_id = $1)
       and ($2::text is null
         or (coalesce(expire_time, 'infinity'), customer_id, app_id) > (coalesce($4::timestamptz, 'infinity'), $2, $3))
     order by coalesce(expire_time, 'infinity'), customer_id, app_id limit $5`,
    [customerId ?? null, after?.customerId ?? null, after?.appId ?? null, after?.expireTime ?? null, limit],
  );
  return rows;
}

/** Those that end before `time`, or have ended. */
export async function listEnding(db: Db, time: Date): Promise<(AppKey & { version: bigint; expireTime: Date })[]> {
  const { rows } = await db.query<AppKey & { version: bigint; expireTime: Date }>(
    `select customer_id as "customerId", app_id as "appId", version, expire_time as "expireTime"
     from credentials where expire_time < $1`,
    [time],
  );
  return rows;
}

/** Its tokens go with it. */
export async function deleteCredential(tx: Db, { customerId, appId }: AppKey): Promise<void> {
  await tx.query(`delete from credentials where customer_id = $1 and app_id = $2`, [customerId, appId]);
}

/** Whether a customer has a credential that was stored after `time`, which has whole milliseconds. */
export async function hasCredentialSince(db: Db, customerId: string, time: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from credentials where customer_id = $1 and date_trunc('milliseconds', update_time) > $2 limit 1`,
    [customerId, time],
  );
  return rowCount > 0;
}

/** Notes which of two bearer tokens was refused, unless the credential was replaced meanwhile. */
export async function noteBearerRefused(
  db: Db,
  { customerId, appId, version }: StoredCredential,
  refused: { version: bigint; time: Date },
): Promise<void> {
  await db.query(
    `update credentials set refused_version = $4, refused_time = $5
     where customer_id = $1 and app_id = $2 and version = $3`,
    [customerId, appId, version, refused.version, refused.time],
  );
}

/** The bearer token that is kept beside the stored one. */
export async function findPreviousCredential(
  db: Db,
  { customerId, appId }: AppKey,
): Promise<Pick<StoredCredential, 'version' | 'sealed' | 'expireTime'> | undefined> {
  const { rows } = await db.query<Pick<StoredCredential, 'version' | 'sealed' | 'expireTime'>>(
    `select version, sealed, expire_time as "expireTime" from previous_credentials
     where customer_id = $1 and app_id = $2`,
    [customerId, appId],
  );
  return rows[0];
}
