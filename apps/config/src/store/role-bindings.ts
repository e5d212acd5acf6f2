import type { Role } from '@autoprov/grpc';
import type { Db } from '@autoprov/postgres';

/** A role binding as stored; its customer is `-` where it is for all. */
export type StoredBinding = { customerId: string; bindingId: string; member: string; role: Role; createTime: Date };

/** Which bindings to list: of one customer, or of all and the installation (`-`); of one member, or of all (''). */
export type BindingQuery = { customerId: string; member: string; after: BindingKey; limit: number };

/** What identifies a binding. */
export type BindingKey = Pick<StoredBinding, 'customerId' | 'bindingId'>;

const columns = `coalesce(customer_id, '-') as "customerId", binding_id as "bindingId", member, role,
  create_time as "createTime"`;

/** The role that the member has there already, if any. */
export async function findBinding(
  db: Db,
  { customerId, member, role }: Omit<StoredBinding, 'bindingId' | 'createTime'>,
): Promise<StoredBinding | undefined> {
  const { rows } = await db.query<StoredBinding>(
    `select ${columns} from role_bindings where member = $1 and coalesce(customer_id, '-') = $2 and role = $3`,
    [member, customerId, role],
  );
  return rows[0];
}

/** False: the member has the role there already. */
export async function insertBinding(tx: Db, binding: StoredBinding): Promise<boolean> {
  const { customerId, bindingId, member, role, createTime } = binding;
  const { rowCount } = await tx.query(
    `insert into role_bindings (customer_id, binding_id, member, role, create_time)
     values (nullif($1, '-'), $2, $3, $4, $5) on conflict do nothing`,
    [customerId, bindingId, member, role, createTime],
  );
  return rowCount === 1;
}

/** At most `limit` bindings after a key, in the order of names. */
export async function listBindings(db: Db, { customerId, member, after, limit }: BindingQuery) {
  const { rows } = await db.query<StoredBinding>(
    `select ${columns} from role_bindings
     where ($1 = '-' or customer_id = $1) and ($2 = '' or member = $2)
       and (coalesce(customer_id, '-'), binding_id) > ($3, $4)
     order by coalesce(customer_id, '-'), binding_id limit $5`,
    [customerId, member, after.customerId, after.bindingId, limit],
  );
  return rows;
}

/** Every binding of a member. */
export async function findBindingsOf(db: Db, member: string): Promise<StoredBinding[]> {
  const { rows } = await db.query<StoredBinding>(`select ${columns} from role_bindings where member = $1`, [member]);
  return rows;
}

/** The binding, which stays as it is until the transaction ends; undefined: there is none. */
export async function lockBinding(tx: Db, { customerId, bindingId }: BindingKey): Promise<StoredBinding | undefined> {
  const { rows } = await tx.query<StoredBinding>(
    `select ${columns} from role_bindings where coalesce(customer_id, '-') = $1 and binding_id = $2 for update`,
    [customerId, bindingId],
  );
  return rows[0];
}

export async function deleteBinding(tx: Db, { bindingId }: BindingKey): Promise<void> {
  await tx.query(`delete from role_bindings where binding_id = $1`, [bindingId]);
}
