import type { PusherContext } from '../context.ts';
import { findUserIds } from '../store/users.ts';

/** The id of a person that a request names by id or primary address; an unknown one stays as it is. */
export async function findPersonId({ pool }: PusherContext, customerId: string, user: string): Promise<string> {
  const asked = user.slice(user.lastIndexOf('/') + 1);
  return (await findUserIds(pool, customerId, [asked])).get(asked) ?? asked;
}
