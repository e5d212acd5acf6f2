import type { ReaderContext } from '../context.ts';
import { findUsers, type MirrorUser } from '../store/users.ts';

/** A user of the mirror by id, else by primary address. */
export async function findMirrorUser(
  { pool }: Pick<ReaderContext, 'pool'>,
  customerId: string,
  key: string,
): Promise<MirrorUser | undefined> {
  const found = await findUsers(pool, customerId, [key]);
  return found.find(({ id }) => id === key) ?? found[0];
}
