import type { Db } from '@autoprov/postgres';
import { REACH } from './members.ts';
import type { MirrorUser } from './users.ts';
import { USER_COLUMNS } from './users.ts';

/** One user is asked for once in so many seconds, however often somebody says that they changed. */
const PAUSE_SECONDS = 3;
const FORGET_MINUTES = 60;

/** Has a user asked for soon: at once, or when enough time has passed since the last time. */
export async function hurryUser(db: Db, customerId: string, userId: string, now: Date): Promise<void> {
  await db.query(
    `insert into hurried_users as h (customer_id, user_id, due_time) values ($1, $2, $3)
     on conflict (customer_id, user_id) do update
       set due_time = greatest(excluded.due_time, h.asked_time + $4 * interval '1 second')
       where h.due_time is null`,
    [customerId, userId, now, PAUSE_SECONDS],
  );
}

/** The customers with users to ask for now, and how many. */
export async function countHurried(db: Db, now: Date): Promise<{ customerId: string; count: number }[]> {
  const { rows } = await db.query<{ customerId: string; count: bigint }>(
    `select customer_id as "customerId", count(*) as count from hurried_users
     where due_time <= $1 group by customer_id order by min(due_time)`,
    [now],
  );
  return rows.map(({ customerId, count }) => ({ customerId, count: Number(count) }));
}

/** Takes up to `limit` users to ask for now; another replica does not take them too. */
export async function takeHurried(db: Db, customerId: string, now: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ userId: string }>(
    `with due as (
       select user_id from hurried_users where customer_id = $1 and due_time <= $2
       order by due_time limit $3 for update skip locked
     )
     update hurried_users h set due_time = null, asked_time = $2 from due
     where h.customer_id = $1 and h.user_id = due.user_id
     returning h.user_id as "userId"`,
    [customerId, now, limit],
  );
  return rows.map(({ userId }) => userId);
}

/** Asks for nobody alone who is due now: a whole read will. */
export async function dropHurried(db: Db, customerId: string, now: Date): Promise<void> {
  await db.query(
    `update hurried_users set due_time = null, asked_time = $2 where customer_id = $1 and due_time <= $2`,
    [customerId, now],
  );
}

/** Forgets when users were asked for, once that does not matter any more. */
export async function forgetHurried(db: Db, now: Date): Promise<void> {
  await db.query(
    `delete from hurried_users where due_time is null and asked_time < $1::timestamptz - $2 * interval '1 minute'`,
    [now, FORGET_MINUTES],
  );
}

/** Takes a user who was deleted out of the groups they were last in: whoever comes back is in none of them. */
export async function clearGroupsOfDeleted(tx: Db, customerId: string, userId: string): Promise<void> {
  await tx.query(
    `update users set groups = '{}' where customer_id = $1 and id = $2 and state = 'deleted' and groups <> '{}'`,
    [customerId, userId],
  );
}

/** Adds the groups of interest that reach a user by the members as mirrored; only a read of the groups takes one away. */
export async function addReachedGroups(tx: Db, customerId: string, userId: string): Promise<void> {
  await tx.query(
    `with recursive ${REACH}, membership (name) as (
       select r.name from reach r
       join members m on m.customer_id = $1 and m.group_key = r.group_key
         and (m.kind = 'everybody' or (m.kind = 'user' and m.member_id = $2))
       union
       select unnest(groups) from users where customer_id = $1 and id = $2
     ), decided as (
       select coalesce(array_agg(name order by name), '{}') as groups from membership
     )
     update users u set groups = d.groups, changed = true from decided d
     where u.customer_id = $1 and u.id = $2 and u.state <> 'deleted' and u.groups is distinct from d.groups`,
    [customerId, userId],
  );
}

/** Takes one user if they have changed since their last event, as takeChangedUsers does. */
export async function takeChangedUser(tx: Db, customerId: string, userId: string): Promise<MirrorUser[]> {
  const { rows } = await tx.query<MirrorUser>(
    `update users u
     set changed = false, seq = greatest(u.seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
     where customer_id = $1 and id = $2 and changed
     returning ${USER_COLUMNS}`,
    [customerId, userId],
  );
  return rows;
}
