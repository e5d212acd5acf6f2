import type { Db } from '@autoprov/postgres';
import type { AppKey } from './credentials.ts';

/** Something that is to be withdrawn still. */
export type StoredRevocation = AppKey & {
  id: bigint;
  kind: 'app_token' | 'delegation';
  version: bigint;
  /** The OAuth client and its tokens; null for a delegation. */
  sealed: Buffer | null;
  /** The service account's client id; empty for tokens. */
  clientId: string;
  createTime: Date;
  nextAttemptTime: Date;
  attempts: number;
  /** Why it is not done, for people; empty: not tried yet. */
  message: string;
};

/** What is stored anew. */
export type NewRevocation = Omit<StoredRevocation, 'id' | 'nextAttemptTime' | 'attempts' | 'message'>;

const columns = `id, customer_id as "customerId", app_id as "appId", kind, version, sealed, client_id as "clientId",
  create_time as "createTime", next_attempt_time as "nextAttemptTime", attempts, message`;

/** Stores it, due at once. A customer's delegation is there once. */
export async function saveRevocation(tx: Db, r: NewRevocation): Promise<void> {
  await tx.query(
    `insert into revocations (customer_id, app_id, kind, version, sealed, client_id, create_time, next_attempt_time)
     values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict (customer_id) where kind = 'delegation' do update
       set app_id = excluded.app_id, client_id = excluded.client_id, next_attempt_time = excluded.next_attempt_time`,
    [r.customerId, r.appId, r.kind, r.version, r.sealed, r.clientId, r.createTime],
  );
}

/** Those that are due, oldest first; of one app only, where it is given. */
export async function listDueRevocations(db: Db, now: Date, limit: number, app?: AppKey): Promise<StoredRevocation[]> {
  const { rows } = await db.query<StoredRevocation>(
    `select ${columns} from revocations
     where next_attempt_time <= $1 and ($3::text is null or (customer_id, app_id) = ($3, $4))
     order by id limit $2`,
    [now, limit, app?.customerId ?? null, app?.appId ?? null],
  );
  return rows;
}

/** Those of an app, oldest first. */
export async function listRevocationsOf(db: Db, { customerId, appId }: AppKey): Promise<StoredRevocation[]> {
  const { rows } = await db.query<StoredRevocation>(
    `select ${columns} from revocations where customer_id = $1 and app_id = $2 order by id`,
    [customerId, appId],
  );
  return rows;
}

/** At most `limit` after an id, oldest first. `customerId` undefined: of all customers. */
export async function listRevocations(
  db: Db,
  { customerId, afterId, limit }: { customerId: string | undefined; afterId: bigint; limit: number },
): Promise<StoredRevocation[]> {
  const { rows } = await db.query<StoredRevocation>(
    `select ${columns} from revocations where id > $2 and ($1::text is null or customer_id = $1) order by id limit $3`,
    [customerId ?? null, afterId, limit],
  );
  return rows;
}

/** It is done, or not wanted any more. */
export async function deleteRevocation(tx: Db, id: bigint): Promise<void> {
  await tx.query(`delete from revocations where id = $1`, [id]);
}

/** The customer is set up again: its delegation is used. Needs the delegation locked. */
export async function deleteDelegationRevocation(tx: Db, customerId: string): Promise<void> {
  await tx.query(`delete from revocations where customer_id = $1 and kind = 'delegation'`, [customerId]);
}

/** It could not be done. */
export async function noteRevocationFailed(
  db: Db,
  { id, nextAttemptTime, message }: Pick<StoredRevocation, 'id' | 'nextAttemptTime' | 'message'>,
): Promise<void> {
  await db.query(`update revocations set next_attempt_time = $2, message = $3, attempts = attempts + 1 where id = $1`, [
    id,
    nextAttemptTime,
    message,
  ]);
}
