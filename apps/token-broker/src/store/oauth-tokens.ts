import type { Db } from '@autoprov/postgres';
import type { AppKey } from './credentials.ts';

/** The tokens of an OAuth credential, sealed. */
export type StoredTokens = AppKey & {
  version: bigint;
  sealed: Buffer;
  makeTime: Date;
  /** When the access token ends; null: not known. */
  expireTime: Date | null;
  /** A refresh was begun then, and how it ended is not known. */
  refreshStartTime: Date | null;
};

/** An app's; undefined: none were made yet. */
export async function findTokens(db: Db, { customerId, appId }: AppKey): Promise<StoredTokens | undefined> {
  const { rows } = await db.query<StoredTokens>(
    `select customer_id as "customerId", app_id as "appId", version, sealed, make_time as "makeTime",
       expire_time as "expireTime", refresh_start_time as "refreshStartTime"
     from oauth_tokens where customer_id = $1 and app_id = $2`,
    [customerId, appId],
  );
  return rows[0];
}

/**
 * Stores new tokens in place of those with the version `replaces`. False: the credential is not the one of
 * `credentialVersion` any more, or others came first; nothing is stored. It may be repeated after an unknown end.
 */
export async function saveTokens(
  tx: Db,
  t: Omit<StoredTokens, 'refreshStartTime'>,
  { credentialVersion, replaces }: { credentialVersion: bigint; replaces: bigint | undefined },
): Promise<boolean> {
  const { rowCount: isCurrent } = await tx.query(
    `update credentials set reauthorize_reason = null, token_retry_time = null
     where customer_id = $1 and app_id = $2 and version = $3`,
    [t.customerId, t.appId, credentialVersion],
  );
  if (isCurrent === 0) return false;
  const { rowCount } = await tx.query(
    `insert into oauth_tokens as known (customer_id, app_id, version, sealed, make_time, expire_time)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (customer_id, app_id) do update
       set version = excluded.version, sealed = excluded.sealed, make_time = excluded.make_time,
           expire_time = excluded.expire_time, refresh_start_time = null
       where known.version in (excluded.version, $7)`,
    [t.customerId, t.appId, t.version, t.sealed, t.makeTime, t.expireTime, replaces ?? null],
  );
  return rowCount === 1;
}

/** Notes, before a refresh token is sent, that it may be used up from now on. */
export async function noteRefreshStarted(db: Db, { customerId, appId, version }: StoredTokens, now: Date) {
  await db.query(
    `update oauth_tokens set refresh_start_time = $4 where customer_id = $1 and app_id = $2 and version = $3`,
    [customerId, appId, version, now],
  );
}

type Renewal = AppKey & { credentialVersion: bigint; tokensVersion: bigint | undefined };

// What is true of tokens that were replaced meanwhile says nothing of those that replaced them.
const unchanged = `customer_id = $1 and app_id = $2 and version = $3 and not exists (
  select from oauth_tokens where customer_id = $1 and app_id = $2 and version is distinct from $4)`;

/** Notes that the service provider gives no more tokens. */
export async function noteReauthorize(db: Db, r: Renewal, reason: string): Promise<void> {
  await db.query(`update credentials set reauthorize_reason = $5 where ${unchanged}`, [...keyOf(r), reason]);
}

/** Notes that the token endpoint wants to be left alone until `time`. */
export async function noteTokenRetry(db: Db, r: Renewal, time: Date): Promise<void> {
  await db.query(`update credentials set token_retry_time = $5 where ${unchanged}`, [...keyOf(r), time]);
}

function keyOf({ customerId, appId, credentialVersion, tokensVersion }: Renewal): unknown[] {
  return [customerId, appId, credentialVersion, tokensVersion ?? null];
}
