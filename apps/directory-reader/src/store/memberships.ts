import type { Db } from '@autoprov/postgres';
import type { MembershipEdge, ReachedGroup } from '../domain/membership.ts';

/**
 * The direct memberships that can lead from a group to a user: those of nested groups and of everybody in all groups
 * that it reaches, and those of the user.
 */
export async function listMembershipEdges(
  db: Db,
  customerId: string,
  groupKey: string,
  userId: string,
): Promise<MembershipEdge[]> {
  const { rows } = await db.query<MembershipEdge>(
    `with recursive ${REACHED}
     select m.group_key as "groupKey", m.kind, case when m.kind = 'group' then m.member_key else '' end as "memberKey",
       m.member_email as "memberEmail"
     from reached r join members m on m.customer_id = $1 and m.group_key = r.group_key
     where m.kind <> 'user' or m.member_id = $3
     order by m.group_key, m.kind, m.member_id`,
    [customerId, groupKey, userId],
  );
  return rows;
}

/** The groups that a group reaches, itself included, each with the last read that had its direct members whole. */
export async function listReachedGroups(db: Db, customerId: string, groupKey: string): Promise<ReachedGroup[]> {
  const { rows } = await db.query<ReachedGroup>(
    `with recursive ${REACHED}
     select r.group_key as "groupKey", coalesce(l.whole_read_no, 0) as "wholeReadNo"
     from reached r left join member_lists l on l.customer_id = $1 and l.group_key = r.group_key`,
    [customerId, groupKey],
  );
  return rows;
}

/** UNION ends cycles. */
const REACHED = `reached (group_key) as (
  select $2::text collate "C"
  union
  select m.member_key from reached r
  join members m on m.customer_id = $1 and m.group_key = r.group_key and m.kind = 'group'
)`;
