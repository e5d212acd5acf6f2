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
    `insert into members as m (customer_id, group_key, kind, member_id, member_key, seen_read_no)
     select $1, $2, kind, id, key, $3 from unnest($4::text[], $5::text[], $6::text[]) as page (kind, id, key)
     on conflict (customer_id, group_key, kind, member_id) do update
       set seen_read_no = excluded.seen_read_no, member_key = excluded.member_key`,
    [
      customerId,
      groupKey,
      readNo,
      page.map((member) => member.kind),
      page.map((member) => member.id),
      page.map((member) => member.key),
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

/** The groups nested in a group that this read has whole already; undefined: it has not. */
export async function findWholeNested(
  db: Db,
  { customerId, readNo, groupKey }: GroupRead,
): Promise<string[] | undefined> {
  const { rows } = await db.query<{ nested: string[] }>(
    `select array(select member_key from members m
                  where m.customer_id = $1 and m.group_key = $2 and m.kind = 'group') as nested
     from member_lists where customer_id = $1 and group_key = $2 and whole_read_no = $3`,
    [customerId, groupKey, readNo],
  );
  return rows[0]?.nested;
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

/** Which group keys each group of interest reaches: itself, and what is nested in it at any depth. UNION ends cycles. */
const REACH = `reach (name, group_key) as (
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
 * Decides who is in which group of interest: from the members as mirrored, and, for all groups but those of
 * `whole`, also everybody who was in it: what was not read whole may add, never remove.
 */
export async function settleGroups(tx: Db, customerId: string, whole: string[]): Promise<void> {
  // What PostgreSQL knows of a customer that was just read is a guess of one row: looped over, time would grow with the
  // square of the users.
  await tx.query(`set local enable_nestloop = off`);
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
