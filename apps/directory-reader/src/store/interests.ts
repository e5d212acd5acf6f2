import type { Db } from '@autoprov/postgres';

/**
 * How long a group or schema that no setup wants any more is still read. The pusher learns of a changed setup some
 * seconds later than we do (it lets nobody's access go once its copy is 30 s old); were the group gone from the events
 * before, it would take everybody in it for somebody who left.
 */
export const LINGER_MS = 60_000;

/**
 * Brings the interests of a customer in line with its active setups; groups that were not read up to now are marked.
 * Answers of which kinds there are some that were not read up to now.
 */
export async function syncInterests(tx: Db, customerId: string, now: Date): Promise<Set<'group' | 'schema'>> {
  await purgeInterests(tx, customerId, now);
  const { rows: added } = await tx.query<{ kind: 'group' | 'schema' }>(
    `insert into interests (customer_id, kind, name, unread)
     select distinct customer_id, kind, name, kind = 'group' from ${WANTED}
     on conflict do nothing
     returning kind`,
    [customerId],
  );
  await tx.query(
    `update interests i
     set unwanted_since = case when wanted.name is null then coalesce(i.unwanted_since, $2) end
     from interests self
     left join (select distinct kind, name from ${WANTED}) wanted using (kind, name)
     where self.customer_id = $1 and i.customer_id = $1 and i.kind = self.kind and i.name = self.name`,
    [customerId, now],
  );
  return new Set(added.map(({ kind }) => kind));
}

/** Forgets what has been unwanted for long enough. */
export async function purgeInterests(tx: Db, customerId: string, now: Date): Promise<void> {
  await tx.query(`delete from interests where customer_id = $1 and unwanted_since < $2`, [
    customerId,
    new Date(now.getTime() - LINGER_MS),
  ]);
}

/** What is to be read for a customer beside its users, each sorted. */
export type Interests = { groups: string[]; schemas: string[]; unreadGroups: string[] };

/** The interests of a customer. */
export async function listInterests(db: Db, customerId: string): Promise<Interests> {
  const { rows } = await db.query<{ kind: 'group' | 'schema'; name: string; unread: boolean }>(
    `select kind, name, unread from interests where customer_id = $1 order by name`,
    [customerId],
  );
  const groups = rows.filter(({ kind }) => kind === 'group');
  return {
    groups: groups.map(({ name }) => name),
    schemas: rows.filter(({ kind }) => kind === 'schema').map(({ name }) => name),
    unreadGroups: groups.filter(({ unread }) => unread).map(({ name }) => name),
  };
}

/** What is known of a group of interest. */
export type GroupOfInterest = { name: string; missing: boolean; missingSince: Date | null; wholeTime: Date | null };

const GROUP_COLUMNS = `name, missing, missing_since as "missingSince", whole_time as "wholeTime"`;

/** The groups of interest after a name, in order. */
export async function listGroups(db: Db, customerId: string, after: string, limit: number): Promise<GroupOfInterest[]> {
  const { rows } = await db.query<GroupOfInterest>(
    `select ${GROUP_COLUMNS} from interests
     where customer_id = $1 and kind = 'group' and name > $2 order by name limit $3`,
    [customerId, after, limit],
  );
  return rows;
}

/** All groups of interest, in order. */
export async function listAllGroups(db: Db, customerId: string): Promise<GroupOfInterest[]> {
  const { rows } = await db.query<GroupOfInterest>(
    `select ${GROUP_COLUMNS} from interests where customer_id = $1 and kind = 'group' order by name`,
    [customerId],
  );
  return rows;
}

/** The group of interest with a name, in any case; of several spellings the one that is asked for comes first. */
export async function findGroup(db: Db, customerId: string, name: string): Promise<GroupOfInterest | undefined> {
  const { rows } = await db.query<GroupOfInterest>(
    `select ${GROUP_COLUMNS} from interests
     where customer_id = $1 and kind = 'group' and lower(name) = lower($2) order by name <> $2, name limit 1`,
    [customerId, name],
  );
  return rows[0];
}

/** The groups that have been read whole at least once, sorted. */
export async function listWholeGroups(db: Db, customerId: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select name from interests where customer_id = $1 and kind = 'group' and whole_time is not null order by name`,
    [customerId],
  );
  return rows.map((row) => row.name);
}

/** From now on no group counts as read, until it has been read whole again. */
export async function withdrawGroups(tx: Db, customerId: string): Promise<void> {
  await tx.query(`update interests set whole_time = null where customer_id = $1 and kind = 'group'`, [customerId]);
}

/** Stores which groups of interest a read found whole and which missing; those with other problems were tried too. */
export async function recordGroupResults(
  tx: Db,
  customerId: string,
  {
    whole,
    missing,
    problems,
    endTime,
  }: { whole: string[]; missing: string[]; problems: Map<string, unknown>; endTime: Date },
): Promise<void> {
  await tx.query(
    `update interests
     set whole_time = case when name = any($2) then $4 else whole_time end,
         missing = name = any($3) or (missing and not name = any($2)),
         missing_since = case when name = any($3) then coalesce(missing_since, $4)
                              when not name = any($2) then missing_since end,
         unread = unread and not name = any($5)
     where customer_id = $1 and kind = 'group'`,
    [customerId, whole, missing, endTime, [...whole, ...problems.keys()]],
  );
}

/** The groups to announce: read whole for the first time, or gone missing, or back. Counts as announced from now. */
export async function takeChangedGroups(tx: Db, customerId: string): Promise<(GroupOfInterest & { seq: bigint })[]> {
  const { rows } = await tx.query<GroupOfInterest & { seq: bigint }>(
    `update interests
     set announced_missing = missing,
         announced_seq = greatest(announced_seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
     where customer_id = $1 and kind = 'group'
       and (missing <> announced_missing or (announced_seq = 0 and whole_time is not null))
     returning ${GROUP_COLUMNS}, announced_seq as seq`,
    [customerId],
  );
  return rows;
}

const WANTED = `(
  select customer_id, 'group' as kind, unnest(groups) as name from setups where customer_id = $1 and active
  union all
  select customer_id, 'schema', unnest(schemas) from setups where customer_id = $1 and active
) asked`;
