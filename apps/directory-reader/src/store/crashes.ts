import type { Db } from '@autoprov/postgres';

/** Notes that a customer's read ended with an unexpected error. */
export async function addCrash(tx: Db, customerId: string): Promise<void> {
  await tx.query(`insert into crashes (customer_id) values ($1) on conflict do nothing`, [customerId]);
}

/** Notes that a customer's read ended well; answers whether it was the last one of which the opposite was noted. */
export async function endCrash(tx: Db, customerId: string): Promise<boolean> {
  const { rowCount } = await tx.query(`delete from crashes where customer_id = $1`, [customerId]);
  if (rowCount === 0) return false;
  const { rows } = await tx.query(`select from crashes limit 1`);
  return rows.length === 0;
}
