import type { Db } from '@autoprov/postgres';

/** A customer as stored. */
export type Customer = { customerId: string; displayName: string; createTime: Date };

const columns = `customer_id as "customerId", display_name as "displayName", create_time as "createTime"`;

/** False: the id is taken. */
export async function insertCustomer(tx: Db, { customerId, displayName, createTime }: Customer): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into customers (customer_id, display_name, create_time) values ($1, $2, $3) on conflict do nothing`,
    [customerId, displayName, createTime],
  );
  return rowCount === 1;
}

/** The customer; undefined: there is none. */
export async function findCustomer(db: Db, customerId: string): Promise<Customer | undefined> {
  const { rows } = await db.query<Customer>(`select ${columns} from customers where customer_id = $1`, [customerId]);
  return rows[0];
}

/** The customer, which nobody can delete, nor install an app for, until the transaction ends. */
export async function lockCustomer(tx: Db, customerId: string): Promise<Customer | undefined> {
  const { rows } = await tx.query<Customer>(`select ${columns} from customers where customer_id = $1 for update`, [
    customerId,
  ]);
  return rows[0];
}

/** At most `limit` customers whose ids come after `afterId`, in the order of ids. */
export async function listCustomers(db: Db, afterId: string, limit: number): Promise<Customer[]> {
  const { rows } = await db.query<Customer>(
    `select ${columns} from customers where customer_id > $1 order by customer_id limit $2`,
    [afterId, limit],
  );
  return rows;
}

export async function deleteCustomer(tx: Db, customerId: string): Promise<void> {
  await tx.query(`delete from customers where customer_id = $1`, [customerId]);
}
