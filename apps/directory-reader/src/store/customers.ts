import type { Db } from '@autoprov/postgres';
import { deleteLists } from './lists.ts';

/** A part of a read that may add but not remove, as stored. */
export type StoredPart = { part: string; code: string; detail: string };

/** How the reading of a customer's directory stands. */
export type CustomerRow = {
  customerId: string;
  readNo: bigint;
  nextReadTime: Date;
  startTime: Date | null;
  usersRead: bigint;
  groupsRead: number;
  groupsTotal: number;
  lastReadNo: bigint;
  lastEndTime: Date | null;
  lastCompleteReadNo: bigint;
  lastCompleteTime: Date | null;
  incompleteParts: StoredPart[];
  wholeUserCount: number | null;
  wholeSchemas: string[];
  usersCovered: boolean;
  deletionsUnknown: boolean;
  membershipsUnknown: boolean;
  wholeUsersTime: Date | null;
  /** A read with this number or a higher one was asked for. */
  requestedReadNo: bigint;
  /** What the last complete read took; zero: there was none. */
  completeUsersRead: bigint;
  completeGroupsRead: number;
  completeDurationMs: bigint;
  pollIntervalMs: number | null;
};

/** What a CustomerRow is made of. */
export const customerColumns = `customer_id as "customerId", read_no as "readNo", next_read_time as "nextReadTime",
  start_time as "startTime", users_read as "usersRead", groups_read as "groupsRead", groups_total as "groupsTotal",
  last_read_no as "lastReadNo", last_end_time as "lastEndTime", last_complete_read_no as "lastCompleteReadNo",
  last_complete_time as "lastCompleteTime", incomplete_parts as "incompleteParts",
  whole_user_count as "wholeUserCount", whole_schemas as "wholeSchemas",
  users_covered as "usersCovered", deletions_unknown as "deletionsUnknown", memberships_unknown as "membershipsUnknown",
  whole_users_time as "wholeUsersTime",
  requested_read_no as "requestedReadNo", complete_users_read as "completeUsersRead",
  complete_groups_read as "completeGroupsRead", complete_duration_ms as "completeDurationMs", poll_interval_ms as "pollIntervalMs"`;

/** Ahead by itself in a database that was restored. */
const NEXT_SEQ = `greatest(announced_seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)`;

/**
 * Whether a read is due at the time `now`: somebody wants the customer's directory, and the time has come, or one was
 * asked for. A read that began and never ended does not count.
 */
export const isDue = (now: string): string => `((requested_read_no > last_read_no or next_read_time <= ${now})
  and exists (select from setups s where s.customer_id = c.customer_id and s.active))`;

/**
 * Whether groups came to be of interest after the last read, which they can be added to. A read under way is finished first;
 * where the users are not covered, the next read of everything brings the groups too.
 */
const HAS_ADDITION = `(c.read_no = c.last_read_no and c.users_covered
  and exists (select from interests i where i.customer_id = c.customer_id and i.unread and i.unwanted_since is null))`;

/** A customer that has, or had, an active setup. */
export async function findCustomer(db: Db, customerId: string): Promise<CustomerRow | undefined> {
  const { rows } = await db.query<CustomerRow>(`select ${customerColumns} from customers where customer_id = $1`, [
    customerId,
  ]);
  return rows[0];
}

/** The same, and from here to the end of the transaction nobody else changes how reading stands. */
export async function lockCustomer(tx: Db, customerId: string): Promise<CustomerRow | undefined> {
  const { rows } = await tx.query<CustomerRow>(
    `select ${customerColumns} from customers where customer_id = $1 for update`,
    [customerId],
  );
  return rows[0];
}

/** Makes sure that a customer is known; a new one is due at once. */
export async function ensureCustomer(tx: Db, customerId: string): Promise<void> {
  await tx.query(`insert into customers (customer_id) values ($1) on conflict do nothing`, [customerId]);
}

/** Customers with something to do: a read or an addition to one that is due, or a copy that wants everything again. */
export async function listDueCustomers(db: Db, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ customerId: string }>(
    `select customer_id as "customerId" from customers c
     where resend_requested or ${isDue('$1')} or ${HAS_ADDITION}
     order by next_read_time`,
    [now],
  );
  return rows.map((row) => row.customerId);
}

/** Asks for a read that begins after now; answers its number, or undefined for a customer that is not read. */
export async function requestRead(db: Db, customerId: string): Promise<bigint | undefined> {
  const { rows } = await db.query<{ requestedReadNo: bigint }>(
    `update customers c set requested_read_no = read_no + 1
     where customer_id = $1 and exists (select from setups s where s.customer_id = c.customer_id and s.active)
     returning requested_read_no as "requestedReadNo"`,
    [customerId],
  );
  return rows[0]?.requestedReadNo;
}

/**
 * From now on neither the users nor a custom schema count as read, until they have been read whole again. Answers the seq
 * of the ReadCompleted that says so; whatever the next one says is news.
 */
export async function withdrawUsers(tx: Db, customerId: string): Promise<bigint> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `update customers set users_covered = false, whole_schemas = '{}', announced_groups = null, announced_schemas = null,
       announced_hash = null, announced_seq = ${NEXT_SEQ}
     where customer_id = $1
     returning announced_seq as seq`,
    [customerId],
  );
  return rows[0]!.seq;
}

/** Stores that the deletions that the mirror may have missed are known. */
export async function endUnknownDeletions(tx: Db, customerId: string): Promise<void> {
  await tx.query(`update customers set deletions_unknown = false where customer_id = $1`, [customerId]);
}

/** Begins to add groups to the last read, if some are waiting and no read of everything is due. */
export async function beginAddition(tx: Db, customerId: string, now: Date): Promise<CustomerRow | undefined> {
  const { rows } = await tx.query<CustomerRow>(
    `update customers c set start_time = $2, step_time = clock_timestamp(), groups_read = 0, groups_total = 0
     where customer_id = $1 and ${HAS_ADDITION} and not ${isDue('$2')}
     returning ${customerColumns}`,
    [customerId, now],
  );
  return rows[0];
}

/**
 * Ends an addition; answers when everything is read next.
 *
 * @param incompleteParts of what was added; those of the read itself stay
 * @param retryTime when to read everything at the latest; undefined: as planned
 */
export async function endAddition(
  tx: Db,
  customerId: string,
  { incompleteParts, retryTime }: { incompleteParts: StoredPart[]; retryTime: Date | undefined },
): Promise<Date> {
  await deleteLists(tx, customerId);
  const { rows } = await tx.query<{ nextReadTime: Date }>(
    `update customers set
       start_time = null, incomplete_parts = incomplete_parts || $2::jsonb, next_read_time = least(next_read_time, $3)
     where customer_id = $1
     returning next_read_time as "nextReadTime"`,
    [customerId, JSON.stringify(incompleteParts), retryTime ?? null],
  );
  return rows[0]!.nextReadTime;
}

/** How far a read has come. */
export async function addProgress(
  db: Db,
  customerId: string,
  { users = 0, groups = 0, groupsTotal = 0 }: { users?: number; groups?: number; groupsTotal?: number },
): Promise<void> {
  await db.query(
    `update customers set users_read = users_read + $2, groups_read = groups_read + $3, groups_total = groups_total + $4,
       step_time = clock_timestamp()
     where customer_id = $1`,
    [customerId, users, groups, groupsTotal],
  );
}

/** How a read ended. */
export type ReadEnd = {
  readNo: bigint;
  endTime: Date;
  nextReadTime: Date;
  pollIntervalMs: number;
  incompleteParts: StoredPart[];
  /** Of the list of users, if it was whole. */
  wholeUsers: { count: number; schemas: string[] } | undefined;
};

/** Ends a read. */
export async function endRead(tx: Db, customerId: string, end: ReadEnd): Promise<void> {
  await deleteLists(tx, customerId);
  await tx.query(
    `update customers set
       start_time = null, next_read_time = $4, last_read_no = $2, last_end_time = $3, incomplete_parts = $5,
       last_complete_read_no = case when $5::jsonb = '[]' then $2 else last_complete_read_no end,
       last_complete_time = case when $5::jsonb = '[]' then $3 else last_complete_time end,
       whole_user_count = coalesce($6, whole_user_count), whole_schemas = coalesce($7, whole_schemas),
       users_covered = users_covered or $6 is not null,
       memberships_unknown = memberships_unknown and $5::jsonb <> '[]',
       whole_users_time = case when $6::integer is null then whole_users_time else $3 end,
       complete_users_read = case when $5::jsonb = '[]' then users_read else complete_users_read end,
       complete_groups_read = case when $5::jsonb = '[]' then groups_read else complete_groups_read end,
       complete_duration_ms = case when $5::jsonb = '[]' and start_time is not null
         then extract(epoch from $3::timestamptz - start_time) * 1000 else complete_duration_ms end,
       poll_interval_ms = $8
     where customer_id = $1`,
    [
      customerId,
      end.readNo,
      end.endTime,
      end.nextReadTime,
      JSON.stringify(end.incompleteParts),
      end.wholeUsers?.count ?? null,
      end.wholeUsers?.schemas ?? null,
      end.pollIntervalMs,
    ],
  );
}

/** What the last ReadCompleted said; null: there was none. */
export type Coverage = { groups: string[]; schemas: string[]; presentHash: string };

/** Stores what a ReadCompleted says, and answers its seq; undefined when the last one said the same (unless `force`). */
export async function takeCoverageSeq(
  tx: Db,
  customerId: string,
  { groups, schemas, presentHash }: Coverage,
  { force }: { force: boolean },
): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `update customers set announced_groups = $2, announced_schemas = $3, announced_hash = $4,
       announced_seq = ${NEXT_SEQ}
     where customer_id = $1
       and ($5 or (announced_groups, announced_schemas, announced_hash) is distinct from ($2::text[], $3::text[], $4::text))
     returning announced_seq as seq`,
    [customerId, groups, schemas, presentHash, force],
  );
  return rows[0]?.seq;
}

/**
 * Asks that every user be published again, and that the next read look for deletions that the mirror missed. False: the
 * customer is not known.
 */
export async function requestResend(db: Db, customerId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update customers set resend_requested = true, deletions_unknown = true where customer_id = $1`,
    [customerId],
  );
  return rowCount > 0;
}

/** Whether everything was asked for again. */
export async function isResendRequested(db: Db, customerId: string): Promise<boolean> {
  const { rows } = await db.query(`select from customers where customer_id = $1 and resend_requested`, [customerId]);
  return rows.length > 0;
}

/** Stores that everything was published again. */
export async function endResend(tx: Db, customerId: string): Promise<void> {
  await tx.query(`update customers set resend_requested = false where customer_id = $1`, [customerId]);
}
