import type { Db } from '@autoprov/postgres';
import type { ObservedMember } from '../domain/pages.ts';

/** A group in one read. */
export type GroupRead = { customerId: string; readNo: bigint; groupKey: string };

/** Merges a page of direct members; `key` is a nested group's group_key. */
export async function mergeMembers(
  tx: Db,
  { customerId, readNo, groupKey }: GroupRead,
  page: (ObservedMember & { key: string })[],
): Promise<void> {
  await tx.query(
    `insert into members as m (customer_id, group_key, kind, member_id, member_key, seen_read_no, member_email)
     select $1, $2, kind, id, key, $3, case when kind = 'group' then email else '' end
     from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as page (kind, id, key, email)
     on conflict (customer_id, group_key, kind, member_id) do update
       set seen_read_no = excluded.seen_read_no, member_key = excluded.member_key, member_email = excluded.member_email`,
    [
      customerId,
      groupKey,
      readNo,
      page.map((member) => member.kind),
      page.map((member) => member.id),
      page.map((member) => member.key),
      page.map((member) => member.email),
    ],
  );
}

/** Whether a member is known that no list of this read has shown, and whether an earlier read had the group whole. */
export async function findLost(db: Db, { customerId, readNo, groupKey }: GroupRead) {
  const { rows } = await db.query<{ lost: boolean; wholeBefore: boolean }>(
    `select exists (select from members where customer_id = $1 and group_key = $2 and seen_read_no < $3) as lost,
            exists (select from member_lists where customer_id = $1 and group_key = $2) as "wholeBefore"`,
    [customerId, groupKey, readNo],
  );
  return rows[0]!;
}

/** Whether anybody is known to be in a group. */
export async function hasMembers(db: Db, { customerId, groupKey }: Omit<GroupRead, 'readNo'>): Promise<boolean> {
  const { rows } = await db.query(`select from members where customer_id = $1 and group_key = $2 limit 1`, [
    customerId,
    groupKey,
  ]);
  return rows.length > 0;
}

/** Removes the members that no list of this read has shown. */
export async function deleteLost(tx: Db, { customerId, readNo, groupKey }: GroupRead): Promise<void> {
  await tx.query(`delete from members where customer_id = $1 and group_key = $2 and seen_read_no < $3`, [
    customerId,
    groupKey,
    readNo,
  ]);
}

/** Stores that this read had the direct members of the group whole. */
export async function markWhole(tx: Db, { customerId, readNo, groupKey }: GroupRead): Promise<void> {
  await tx.query(
    `insert into member_lists (customer_id, group_key, whole_read_no) values ($1, $2, $3)
     on conflict (customer_id, group_key) do update set whole_read_no = excluded.whole_read_no`,
    [customerId, groupKey, readNo],
  );
}

/** Takes that back: what came after contradicts it. */
export async function unmarkWhole(tx: Db, { customerId, readNo, groupKey }: GroupRead): Promise<void> {
  await tx.query(
    `update member_lists set whole_read_no = $3 - 1 where customer_id = $1 and group_key = $2 and whole_read_no = $3`,
    [customerId, groupKey, readNo],
  );
}

/** The keys of the groups whose direct members this read had whole. */
export async function listWhole(db: Db, customerId: string, readNo: bigint): Promise<string[]> {
  const { rows } = await db.query<{ groupKey: string }>(
    `select group_key as "groupKey" from member_lists where customer_id = $1 and whole_read_no = $2`,
    [customerId, readNo],
  );
  return rows.map((row) => row.groupKey);
}

/** The keys of the groups that this read has seen nested in a group. */
export async function listNested(db: Db, { customerId, readNo, groupKey }: GroupRead): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `select member_key as key from members
     where customer_id = $1 and group_key = $2 and kind = 'group' and seen_read_no = $3`,
    [customerId, groupKey, readNo],
  );
  return rows.map((row) => row.key);
}

/**
 * For the rest of the transaction. What PostgreSQL knows of a customer that was just read is a guess of one row: looped over,
 * time would grow with the square of the users.
 */
async function planWithoutLoops(tx: Db): Promise<void> {
  await tx.query(`set local enable_nestloop = off`);
}

/** Which group keys each group of interest reaches: itself, and what is nested in it at any depth. UNION ends cycles. */
export const REACH = `reach (name, group_key) as (
  select name, lower(name) collate "C" from interests where customer_id = $1 and kind = 'group'
  union
  select r.name, m.member_key from reach r
  join members m on m.customer_id = $1 and m.group_key = r.group_key and m.kind = 'group'
)`;

/** The group keys, by group of interest, that this read did not have whole. */
export async function listUnwhole(
  db: Db,
  customerId: string,
  readNo: bigint,
): Promise<{ name: string; groupKey: string }[]> {
  const { rows } = await db.query<{ name: string; groupKey: string }>(
    `with recursive ${REACH}
     select name, group_key as "groupKey" from reach r
     where not exists (select from member_lists l
                       where l.customer_id = $1 and l.group_key = r.group_key and l.whole_read_no = $2)
     order by name, group_key`,
    [customerId, readNo],
  );
  return rows;
}

/**
 * The keys of all groups of which a group of interest is composed, where one look at each is not enough although it was
 * whole: it is composed of several, and somebody who was in it is not any more; or, if copies may know more than the
 * mirror, it is whole for the first time since.
 */
export async function listDoubted(
  tx: Db,
  { customerId, readNo, membershipsUnknown }: Omit<GroupRead, 'groupKey'> & { membershipsUnknown: boolean },
): Promise<string[]> {
  await planWithoutLoops(tx);
  const { rows } = await tx.query<{ groupKey: string }>(
    `with recursive ${REACH}, whole as (
       select r.name, count(*) as parts from reach r
       left join member_lists l on l.customer_id = $1 and l.group_key = r.group_key and l.whole_read_no = $2
       group by r.name having count(*) = count(l.group_key)
     ), composed as (
       select name from whole where parts > 1
     ), membership as (
       select r.name, m.kind, m.member_id from composed
       join reach r using (name)
       join members m on m.customer_id = $1 and m.group_key = r.group_key and m.kind <> 'group'
     ), lost as (
       select c.name from users u
       cross join unnest(u.groups) as is_in (name)
       join composed c on c.name = is_in.name
       left join membership m on m.name = c.name and m.kind = 'user' and m.member_id = u.id
       where u.customer_id = $1 and u.state <> 'deleted' and m.member_id is null
         and c.name not in (select name from membership where kind = 'everybody')
     )
     select distinct group_key as "groupKey" from reach
     where name in (select name from lost)
       or ($3 and name in (select name from whole join interests i using (name)
                           where i.customer_id = $1 and i.kind = 'group' and i.whole_time is null))
     order by group_key`,
    [customerId, readNo, membershipsUnknown],
  );
  return rows.map((row) => row.groupKey);
}

/**
 * Decides who is in which group of interest: from the members as mirrored, and, for all groups but those of
 * `whole`, also everybody who was in it: what was not read whole may add, never remove.
 */
export async function settleGroups(tx: Db, customerId: string, whole: string[]): Promise<void> {
  await planWithoutLoops(tx);
  await tx.query(
    `with recursive ${REACH}, membership (user_id, name) as (
       select m.member_id, r.name from reach r
       join members m on m.customer_id = $1 and m.group_key = r.group_key and m.kind = 'user'
       union
       select u.id, r.name from reach r
       join members m on m.customer_id = $1 and m.group_key = r.group_key and m.kind = 'everybody'
       join users u on u.customer_id = $1 and u.state <> 'deleted'
       union
       select u.id, i.name from users u cross join unnest(u.groups) as was (name)
       join interests i on i.customer_id = $1 and i.kind = 'group' and i.name = was.name
       where u.customer_id = $1 and not i.name = any($2)
     ), decided as (
       select u.id, coalesce(array_agg(m.name order by m.name) filter (where m.name is not null), '{}') as groups
       from users u left join membership m on m.user_id = u.id
       where u.customer_id = $1 and u.state <> 'deleted'
       group by u.id
     )
     update users u set groups = d.groups, changed = true from decided d
     where u.customer_id = $1 and u.id = d.id and u.groups is distinct from d.groups`,
    [customerId, whole],
  );
}

/** Forgets groups that no group of interest reaches any more: kept, they would add people when they come back. */
export async function deleteUnreached(tx: Db, customerId: string): Promise<void> {
  for (const table of ['members', 'member_lists']) {
    await tx.query(
      `with recursive ${REACH}
       delete from ${table} where customer_id = $1 and group_key not in (select group_key from reach)`,
      [customerId],
    );
  }
}
