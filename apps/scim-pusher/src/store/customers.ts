import type { ReadCompleted } from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';

/** What the copy of a customer's mirror covers. */
export type Coverage = { ingestNo: bigint; readNo: bigint; readSeq: bigint; groups: string[]; schemas: string[] };

const columns = `ingest_no as "ingestNo", read_no as "readNo", read_seq as "readSeq",
  covered_groups as groups, covered_schemas as schemas`;

/** Locks the customer's row, making it if need be: ingest numbers are given under this lock only. */
export async function lockCustomer(tx: Db, customerId: string): Promise<Coverage> {
  await tx.query(`insert into customers (customer_id) values ($1) on conflict do nothing`, [customerId]);
  const { rows } = await tx.query<Coverage>(`select ${columns} from customers where customer_id = $1 for update`, [
    customerId,
  ]);
  return rows[0]!;
}

/** What the copy covers; undefined: nothing was ever heard of the customer. */
export async function findCoverage(db: Db, customerId: string): Promise<Coverage | undefined> {
  const { rows } = await db.query<Coverage>(`select ${columns} from customers where customer_id = $1`, [customerId]);
  return rows[0];
}

/** Remembers the last ingest number given. */
export async function saveIngestNo(tx: Db, customerId: string, ingestNo: bigint): Promise<void> {
  await tx.query(`update customers set ingest_no = $2 where customer_id = $1`, [customerId, ingestNo]);
}

/** Remembers what a completed read covered; what is older, by its seq, changes nothing. */
export async function saveReadCompleted(tx: Db, customerId: string, seq: bigint, read: ReadCompleted): Promise<void> {
  await tx.query(
    `update customers set read_no = $2, covered_groups = $3, covered_schemas = $4, read_complete_at = $5,
       read_seq = $6
     where customer_id = $1 and read_seq <= $6`,
    [customerId, read.readNo, read.groups, read.schemas, read.completeTime ?? null, seq],
  );
}
