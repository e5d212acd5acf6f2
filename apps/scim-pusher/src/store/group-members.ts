import type { Db } from '@autoprov/postgres';
import type { GroupMember } from '../domain/decide-group.ts';
import type { AppKey } from '../domain/model.ts';
import { withoutNulls } from './without-nulls.ts';

/** One person in one group, as the setup spells the group. */
export type Membership = { groupId: string; userId: string };

/** The groups of these that some people are members of at the service provider, or may be, and should be. */
export async function findMemberships(
  db: Db,
  app: AppKey,
  groupIds: readonly string[],
  userIds: readonly string[],
): Promise<Membership[]> {
  const { rows } = await db.query<Membership>(
    `select group_id as "groupId", user_id as "userId" from scim_group_members
     where customer_id = $1 and app_id = $2 and group_id = any($3) and user_id = any($4) and wanted and state <> 'none'
     order by group_id, user_id`,
    [app.customerId, app.appId, groupIds, userIds],
  );
  return rows;
}

/** How one person stands in groups at the service provider, by group; groups that know nothing of the person are left out. */
export async function findMemberStates(
  db: Db,
  app: AppKey,
  userId: string,
): Promise<Map<string, GroupMember['state']>> {
  const { rows } = await db.query<{ groupId: string; state: GroupMember['state'] }>(
    `select group_id as "groupId", state from scim_group_members
     where customer_id = $1 and app_id = $2 and user_id = $3`,
    [app.customerId, app.appId, userId],
  );
  return new Map(rows.map(({ groupId, state }) => [groupId, state]));
}

/** What is known of some people who were decided. */
export type DecidedMemberships = {
  userIds: readonly string[];
  /** The groups that are pushed. */
  groupIds: readonly string[];
  /** They are to be members. */
  joins: readonly Membership[];
  /** They are in the group, and so stay members if they are. */
  stays: readonly Membership[];
  /** They are to be members no more. */
  leaves: readonly Membership[];
  /** People without an account by now: what their former one was a member of is not known. */
  deleted: readonly string[];
};

/** Stores what some people should be members of, and has the groups pushed where that is not so at the service provider. */
export async function saveMemberships(tx: Db, app: AppKey, decided: DecidedMemberships, now: Date): Promise<void> {
  const key = [app.customerId, app.appId];
  const { userIds, groupIds, joins, stays, leaves, deleted } = decided;
  const inPairs = (n: number) => `(group_id, user_id) in (select * from unnest($${n}::text[], $${n + 1}::text[]))`;
  await tx.query(
    `update scim_group_members set wanted = true
     where customer_id = $1 and app_id = $2 and not wanted and ${inPairs(3)}`,
    [...key, ...toColumns(stays)],
  );
  await tx.query(
    `insert into scim_group_members (customer_id, app_id, group_id, user_id, wanted)
     select $1, $2, group_id, user_id, true from unnest($3::text[], $4::text[]) as joining (group_id, user_id)
     on conflict do nothing`,
    [...key, ...toColumns(joins)],
  );
  await tx.query(
    `update scim_group_members set wanted = false where customer_id = $1 and app_id = $2 and wanted and ${inPairs(3)}`,
    [...key, ...toColumns(leaves)],
  );
  await tx.query(
    `delete from scim_group_members
     where customer_id = $1 and app_id = $2 and state = 'none' and user_id = any($5) and group_id = any($6)
       and not ${inPairs(3)}`,
    [...key, ...toColumns(joins), userIds, groupIds],
  );
  await tx.query(
    `update scim_group_members set state = 'sent'
     where customer_id = $1 and app_id = $2 and state = 'member' and user_id = any($3)`,
    [...key, deleted],
  );
  await tx.query(
    `update scim_groups set due_at = least(due_at, $5)
     where customer_id = $1 and app_id = $2 and group_id = any($4) and (due_at > $5 or due_at is null) and group_id in (
       select members.group_id from scim_group_members members left join accounts using (customer_id, app_id, user_id)
       where customer_id = $1 and app_id = $2 and user_id = any($3) and group_id = any($4)
         and wanted is distinct from
           (members.state = 'member' and members.scim_id = accounts.scim_id and accounts.state in ('active', 'suspended')))`,
    [...key, userIds, groupIds, now],
  );
}

/**
 * Memberships that differ from what the service provider accepted; who leaves comes first.
 *
 * @param keepsMembers nobody is taken out for now: they come last
 * @param without people whom the service provider refuses
 */
export async function listPendingMembers(
  db: Db,
  app: AppKey,
  groupId: string,
  { limit, keepsMembers, without }: { limit: number; keepsMembers: boolean; without: readonly string[] },
): Promise<GroupMember[]> {
  const { rows } = await db.query<GroupMember & { accountState: string | null; accountId: string | null }>(
    `select user_id as "userId", wanted, members.state, members.scim_id as "sentAs",
       accounts.state as "accountState", accounts.scim_id as "accountId"
     from scim_group_members members left join accounts using (customer_id, app_id, user_id)
     where customer_id = $1 and app_id = $2 and group_id = $3 and user_id <> all($6) and case
       when wanted then accounts.state = 'active'
         and (members.state <> 'member' or members.scim_id is distinct from accounts.scim_id)
       -- An account that was deleted may come back with its id, and its memberships.
       else accounts.state is distinct from 'deleted' or members.scim_id is distinct from accounts.scim_id end
     order by wanted = $5, user_id limit $4`,
    [app.customerId, app.appId, groupId, limit, !keepsMembers, without],
  );
  return rows.map((row) => {
    const { accountState, accountId, ...member } = withoutNulls(row);
    const isThere = accountState === 'active' || accountState === 'suspended';
    return { ...member, ...(isThere && { account: { scimId: accountId!, isActive: accountState === 'active' } }) };
  });
}

/** Every account that should be a member and was accepted as one. */
export async function listAcceptedMembers(db: Db, app: AppKey, groupId: string): Promise<string[]> {
  const { rows } = await db.query<{ scimId: string }>(
    `select scim_id as "scimId" from scim_group_members
     where customer_id = $1 and app_id = $2 and group_id = $3 and wanted and state = 'member' order by scim_id`,
    [app.customerId, app.appId, groupId],
  );
  return rows.map((row) => row.scimId);
}

/** Accounts of people, by the id that is sent. */
export type SentMember = { userId: string; scimId: string };

/** Writes down that they are about to be sent, or that the service provider has them. */
export async function saveMembers(
  tx: Db,
  app: AppKey,
  groupId: string,
  members: readonly SentMember[],
  state: 'sent' | 'member',
): Promise<void> {
  await tx.query(
    `update scim_group_members set state = $4, scim_id = sent.scim_id
     from unnest($5::text[], $6::text[]) as sent (user_id, scim_id)
     where customer_id = $1 and app_id = $2 and group_id = $3 and scim_group_members.user_id = sent.user_id`,
    [
      app.customerId,
      app.appId,
      groupId,
      state,
      members.map(({ userId }) => userId),
      members.map(({ scimId }) => scimId),
    ],
  );
}

/** Forgets people whom the service provider does not have as members any more. */
export async function deleteMembers(tx: Db, app: AppKey, groupId: string, userIds: readonly string[]): Promise<void> {
  await tx.query(
    `delete from scim_group_members where customer_id = $1 and app_id = $2 and group_id = $3 and user_id = any($4)`,
    [app.customerId, app.appId, groupId, userIds],
  );
}

function toColumns(memberships: readonly Membership[]): [string[], string[]] {
  return [memberships.map(({ groupId }) => groupId), memberships.map(({ userId }) => userId)];
}
