import type { Db } from '@autoprov/postgres';
import { customerColumns, isDue, type CustomerRow } from './customers.ts';
import { beginLists, USERS } from './lists.ts';

/** For so long after its last step a read that broke off can be gone on with: Google's page tokens do not last. */
const RESUME_WITHIN = `interval '10 minutes'`;
/** A read that is so late finds a mirror that was not kept up, or is an older one that was restored. */
const LATE_AFTER_MS = 3_600_000;

/** A read that begins, or goes on where it broke off. */
export type Beginning = {
  customer: CustomerRow;
  /** Copies may know more than the mirror does: it has never been read, or not for long. */
  isBehind: boolean;
};

/**
 * Begins a read if one is due and gives it its number, or goes on with one that broke off.
 *
 * @param schemas to read the users with; a read that broke off with others is not gone on with
 */
export async function beginRead(
  tx: Db,
  customerId: string,
  { now, schemas }: { now: Date; schemas: string[] },
): Promise<Beginning | undefined> {
  const { rows } = await tx.query<{ resumable: boolean; isBehind: boolean }>(
    `select read_no = 0 or next_read_time < $4 as "isBehind",
       start_time is not null and step_time > clock_timestamp() - ${RESUME_WITHIN} and exists (
         select from lists l
         where l.customer_id = c.customer_id and l.part = $5 and l.read_no = c.read_no and l.schemas = $3
       ) as resumable
     from customers c where customer_id = $1 and ${isDue('$2')} for update`,
    [customerId, now, schemas, new Date(now.getTime() - LATE_AFTER_MS), USERS],
  );
  const [due] = rows;
  if (!due) return undefined;
  if (due.resumable) return { customer: await continueRead(tx, customerId), isBehind: false };
  const customer = await startRead(tx, customerId, { now, isBehind: due.isBehind });
  await beginLists(tx, { customerId, readNo: customer.readNo, schemas });
  return { customer, isBehind: due.isBehind };
}

async function continueRead(tx: Db, customerId: string): Promise<CustomerRow> {
  const { rows } = await tx.query<CustomerRow>(
    `update customers set groups_read = 0, groups_total = 0 where customer_id = $1 returning ${customerColumns}`,
    [customerId],
  );
  return rows[0]!;
}

async function startRead(
  tx: Db,
  customerId: string,
  { now, isBehind }: { now: Date; isBehind: boolean },
): Promise<CustomerRow> {
  const { rows } = await tx.query<CustomerRow>(
    `update customers set
       read_no = read_no + 1, start_time = $2, step_time = clock_timestamp(), users_read = 0, groups_read = 0, groups_total = 0,
       memberships_unknown = memberships_unknown or ($3 and last_read_no > 0)
     where customer_id = $1
     returning ${customerColumns}`,
    [customerId, now, isBehind],
  );
  return rows[0]!;
}
