import { parseUserName } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { findUserIds } from '../store/users.ts';
import { invalidField } from './errors.ts';

/** The id of a person that a request names by id or primary address; an unknown one stays as it is. */
export async function findPersonId({ pool }: PusherContext, customerId: string, user: string): Promise<string> {
  const asked = user.slice(user.lastIndexOf('/') + 1);
  return (await findUserIds(pool, customerId, [asked])).get(asked) ?? asked;
}

const usersMax = 1_000;

/** Reads the ids, or addresses, in the field `users` of a request about an app. Throws INVALID_ARGUMENT. */
export function readUserIds({ customerId }: AppKey, users: readonly string[]): string[] {
  if (users.length > usersMax) throw invalidField('users', `are more than ${usersMax}: ask in several calls`);
  return users.map((name, i) => {
    const user = parseUserName(name);
    if (user?.customerId === customerId) return user.userId;
    const description = `names nobody of the app's customer: write customers/${customerId}/users/{user}`;
    throw invalidField(`users[${i}]`, description);
  });
}
