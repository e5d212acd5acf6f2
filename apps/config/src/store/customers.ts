import type { Db } from '@autoprov/postgres';
import type { SetupDefaults } from '@autoprov/proto';
import { defaultsFromDocument, defaultsToDocument, type Document } from './documents.ts';

/** A customer as stored; `setupDefaults` undefined: its setups take over nothing. */
export type Customer = {
  customerId: string;
  displayName: string;
  setupDefaults: SetupDefaults | undefined;
  createTime: Date;
  /** Another one with each write. */
  etag: string;
};

type Row = Omit<Customer, 'setupDefaults'> & { setupDefaults: Document | null };

const columns = `customer_id as "customerId", display_name as "displayName", setup_defaults as "setupDefaults", create_time as "createTime", etag`;

/** The customer as stored; undefined: the id is taken. */
export async function insertCustomer(tx: Db, customer: Omit<Customer, 'etag'>): Promise<Customer | undefined> {
  const { customerId, displayName, setupDefaults, createTime } = customer;
  const { rows } = await tx.query<Row>(
    `insert into customers (customer_id, display_name, setup_defaults, create_time) values ($1, $2, $3, $4)
     on conflict do nothing returning ${columns}`,
    [customerId, displayName, setupDefaults ? defaultsToDocument(setupDefaults) : null, createTime],
  );
  return rows[0] && toCustomer(rows[0]);
}

/** The customer; undefined: there is none. */
export async function findCustomer(db: Db, customerId: string): Promise<Customer | undefined> {
  const { rows } = await db.query<Row>(`select ${columns} from customers where customer_id = $1`, [customerId]);
  return rows[0] && toCustomer(rows[0]);
}

/** The customer, which nobody can change or delete, nor install an app for, until the transaction ends. */
export async function lockCustomer(tx: Db, customerId: string): Promise<Customer | undefined> {
  const { rows } = await tx.query<Row>(`select ${columns} from customers where customer_id = $1 for update`, [
    customerId,
  ]);
  return rows[0] && toCustomer(rows[0]);
}

/** At most `limit` customers whose ids come after `afterId`, in the order of ids. */
export async function listCustomers(db: Db, afterId: string, limit: number): Promise<Customer[]> {
  const { rows } = await db.query<Row>(
    `select ${columns} from customers where customer_id > $1 order by customer_id limit $2`,
    [afterId, limit],
  );
  return rows.map(toCustomer);
}

/** Stores a customer's name and defaults under a new etag. Needs it locked. Returns it as stored. */
export async function updateCustomer(
  tx: Db,
  { customerId, displayName, setupDefaults }: Pick<Customer, 'customerId' | 'displayName' | 'setupDefaults'>,
): Promise<Customer> {
  const { rows } = await tx.query<Row>(
    `update customers set display_name = $2, setup_defaults = $3, etag = gen_random_uuid() where customer_id = $1
     returning ${columns}`,
    [customerId, displayName, setupDefaults ? defaultsToDocument(setupDefaults) : null],
  );
  return toCustomer(rows[0]!);
}

export async function deleteCustomer(tx: Db, customerId: string): Promise<void> {
  await tx.query(`delete from customers where customer_id = $1`, [customerId]);
}

function toCustomer({ setupDefaults, ...row }: Row): Customer {
  return { ...row, setupDefaults: setupDefaults ? defaultsFromDocument(setupDefaults) : undefined };
}
