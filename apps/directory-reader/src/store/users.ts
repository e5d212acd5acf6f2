import type { Db } from '@autoprov/postgres';
import type { ObservedUser, UserState } from '../domain/pages.ts';

/** A user of the mirror. */
export type MirrorUser = {
  id: string;
  primaryEmail: string;
  state: UserState;
  orgUnitPath: string;
  attributes: Record<string, unknown>;
  groups: string[];
  observedAt: Date;
  seq: bigint;
};

/** The columns of a MirrorUser, of `users u`. */
export const USER_COLUMNS = `u.id, u.primary_email as "primaryEmail", u.state, u.org_unit_path as "orgUnitPath", u.attributes,
  u.groups, u.observed_at as "observedAt", u.seq`;

/** The number of the read that began last. */
const LAST_READ = `select read_no from customers where customer_id = $1`;

/** Ahead by itself in a database that was restored. */
const NEXT_SEQ = `greatest(u.seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)`;

/** Where these observations come from. */
export type Observation = {
  customerId: string;
  readNo: bigint;
  /** When the request was sent: an older answer never overwrites a newer one. */
  sentAt: Date;
  /** `get`: asked for this user alone, which is believed over lists of the next 10 minutes. */
  by: 'list' | 'get';
};

/**
 * Merges a page into the mirror. Answers the ids of those who differ from a users.get of the last 10 minutes: they are
 * left as they are, because a list lags behind; ask for them alone.
 */
export async function mergeUsers(tx: Db, observation: Observation, page: ObservedUser[]): Promise<string[]> {
  const { customerId, readNo, sentAt, by } = observation;
  const { rows } = await tx.query<{ id: string }>(
    `with page as (
       select * from jsonb_to_recordset($5::jsonb)
         as p (id text, "primaryEmail" text, state text, "orgUnitPath" text, attributes jsonb)
     ), contested as (
       select u.id from users u join page p on p.id = u.id
       where u.customer_id = $1 and $4 = 'list' and u.got_at > $3::timestamptz - interval '10 minutes'
         and (u.state, u.primary_email, u.org_unit_path, u.attributes)
             is distinct from (p.state, p."primaryEmail", p."orgUnitPath", p.attributes)
     ), merged as (
       insert into users as u
         (customer_id, id, primary_email, state, org_unit_path, attributes, observed_at, got_at, seen_read_no)
       select $1, id, "primaryEmail", state, "orgUnitPath", attributes, $3, case when $4 = 'get' then $3::timestamptz end, $2
       from page where id not in (select id from contested)
       on conflict (customer_id, id) do update
         set primary_email = excluded.primary_email, state = excluded.state, org_unit_path = excluded.org_unit_path,
             attributes = excluded.attributes, observed_at = excluded.observed_at,
             got_at = coalesce(excluded.got_at, u.got_at), seen_read_no = excluded.seen_read_no,
             changed = u.changed or (u.state, u.primary_email, u.org_unit_path, u.attributes)
               is distinct from (excluded.state, excluded.primary_email, excluded.org_unit_path, excluded.attributes)
         where u.observed_at <= excluded.observed_at
     )
     select id from contested`,
    [customerId, readNo, sentAt, by, JSON.stringify(page)],
  );
  return rows.map((row) => row.id);
}

/**
 * Users that this read has not shown, after an id, in order: those that exist in the mirror, and those whose deletion was not
 * announced before an earlier read broke off.
 */
export async function listUnseenUsers(
  db: Db,
  customerId: string,
  readNo: bigint,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from users
     where customer_id = $1 and id > $2 and seen_read_no < $3 and (state <> 'deleted' or changed)
     order by id limit $4`,
    [customerId, after, readNo, limit],
  );
  return rows.map((row) => row.id);
}

/** Adds a user whose deletion may have been missed; of one known to be deleted, that it is to be announced again. */
export async function insertDeleted(
  tx: Db,
  { customerId, readNo, sentAt }: Omit<Observation, 'by'>,
  user: ObservedUser,
): Promise<void> {
  await tx.query(
    `insert into users (customer_id, id, primary_email, state, org_unit_path, attributes, observed_at, got_at, seen_read_no)
     values ($1, $2, $3, 'deleted', $4, $5, $6, $6, $7)
     on conflict (customer_id, id) do update set changed = true where users.state = 'deleted'`,
    [customerId, user.id, user.primaryEmail, user.orgUnitPath, JSON.stringify(user.attributes), sentAt, readNo],
  );
}

/** Stores that a users.get found nobody under this id. */
export async function markDeleted(
  tx: Db,
  { customerId, readNo, sentAt }: Omit<Observation, 'by'>,
  id: string,
): Promise<void> {
  await tx.query(
    `update users set state = 'deleted', observed_at = $3, got_at = $3, seen_read_no = $4, changed = changed or state <> 'deleted'
     where customer_id = $1 and id = $2 and observed_at <= $3`,
    [customerId, id, sentAt, readNo],
  );
}

/**
 * Takes up to `limit` users who have changed since their last event, in order of id, if the last read to begin has seen
 * them: what is left over of an earlier one may be long over. They count as announced from now, so add their events to
 * the outbox in the same transaction.
 */
export async function takeChangedUsers(tx: Db, customerId: string, limit: number): Promise<MirrorUser[]> {
  const { rows } = await tx.query<MirrorUser>(
    `with taken as (
       select id from users where customer_id = $1 and changed and seen_read_no = (${LAST_READ}) order by id limit $2
     )
     update users u
     set changed = false, seq = ${NEXT_SEQ}
     from taken where u.customer_id = $1 and u.id = taken.id
     returning ${USER_COLUMNS}`,
    [customerId, limit],
  );
  return inOrder(rows);
}

function inOrder<User extends { id: string }>(users: User[]): User[] {
  return users.sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}

/**
 * Takes the users after an id, in order, to be announced again as they were announced last. Those whom the last read to
 * begin has seen get a new seq, so that a copy that knows a newer state of an older mirror believes them.
 */
export async function takeAllUsers(
  tx: Db,
  customerId: string,
  { after, limit }: { after: string; limit: number },
): Promise<(MirrorUser & { changed: boolean })[]> {
  const { rows } = await tx.query<MirrorUser & { changed: boolean }>(
    `with page as (
       select id from users where customer_id = $1 and id > $2 order by id limit $3
     )
     update users u
     set seq = case when not u.changed and u.seen_read_no = (${LAST_READ}) then ${NEXT_SEQ} else u.seq end
     from page where u.customer_id = $1 and u.id = page.id
     returning ${USER_COLUMNS}, u.changed`,
    [customerId, after, limit],
  );
  return inOrder(rows);
}

/** Users after an id, in order. */
export async function listUsers(
  db: Db,
  customerId: string,
  { after, limit, showDeleted }: { after: string; limit: number; showDeleted: boolean },
): Promise<MirrorUser[]> {
  const { rows } = await db.query<MirrorUser>(
    `select ${USER_COLUMNS} from users u
     where customer_id = $1 and id > $2 and ($4 or state <> 'deleted') order by id limit $3`,
    [customerId, after, limit, showDeleted],
  );
  return rows;
}

/** Users by id or by primary address; of several with one address those that exist come first. */
export async function findUsers(db: Db, customerId: string, keys: string[]): Promise<MirrorUser[]> {
  const { rows } = await db.query<MirrorUser>(
    `select ${USER_COLUMNS} from users u
     where customer_id = $1 and (id = any($2) or lower(primary_email) = any($3))
     order by state = 'deleted', observed_at desc`,
    [customerId, keys, keys.map((key) => key.toLowerCase())],
  );
  return rows;
}

/** How many users of the mirror exist. */
export async function countPresent(db: Db, customerId: string): Promise<bigint> {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) as count from users where customer_id = $1 and state <> 'deleted'`,
    [customerId],
  );
  return rows[0]!.count;
}

/** Whether somebody has changed and is still to be announced: the read under way has not seen them. */
export async function isAnyoneUnannounced(db: Db, customerId: string): Promise<boolean> {
  const { rows } = await db.query(`select from users where customer_id = $1 and changed limit 1`, [customerId]);
  return rows.length > 0;
}

/** How many users have been published, deleted ones included. */
export async function countAnnounced(db: Db, customerId: string): Promise<bigint> {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) as count from users where customer_id = $1 and seq > 0`,
    [customerId],
  );
  return rows[0]!.count;
}

/** Count and hash of the users that exist and have been published; the hash as createPresentHash makes it. */
export async function hashPresent(db: Db, customerId: string): Promise<{ count: bigint; hash: string }> {
  const { rows } = await db.query<{ count: bigint; hash: string }>(
    `select count(*) as count,
            encode(sha256(convert_to(coalesce(string_agg(id || ':' || seq || E'\\n', '' order by id), ''), 'UTF8')), 'hex') as hash
     from users where customer_id = $1 and state <> 'deleted' and seq > 0`,
    [customerId],
  );
  return rows[0]!;
}
