import { addToOutbox, inTransaction } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import type { DirectoryClient } from './directory-client.ts';
import { DirectoryError } from './domain/directory-error.ts';
import { parseUser, type ObservedUser } from './domain/pages.ts';
import { toUserRecord } from './events.ts';
import { lockCustomer, type CustomerRow } from './store/customers.ts';
import { addReachedGroups, clearGroupsOfDeleted, takeChangedUser } from './store/hurried-users.ts';
import { markDeleted, mergeUsers } from './store/users.ts';

/**
 * Reads one user from Google, merges the answer as that of each users.get is, and announces what is new; answers the user's id.
 *
 * @param key the id; or the primary address of somebody whom the mirror does not know
 * @throws DirectoryError where Google does not say
 */
export async function readUserNow(
  context: ReaderContext,
  { customerId, wholeSchemas }: Pick<CustomerRow, 'customerId' | 'wholeSchemas'>,
  directory: DirectoryClient,
  key: string,
): Promise<string> {
  // With the schemas of the last whole list: with others the user would look changed.
  const { user, sentAt } = await getUser(directory, key, wholeSchemas);
  const userId = user?.id ?? key;
  await inTransaction(context.pool, async (tx) => {
    // In turns with the end of a read: its ReadCompleted counts this event, or comes before it.
    const customer = await lockCustomer(tx, customerId);
    if (!customer) return;
    const observation = { customerId, readNo: customer.readNo, sentAt };
    if (user) {
      await clearGroupsOfDeleted(tx, customerId, userId);
      await mergeUsers(tx, { ...observation, by: 'get' }, [user]);
      await addReachedGroups(tx, customerId, userId);
    } else {
      await markDeleted(tx, observation, userId);
    }
    const changed = await takeChangedUser(tx, customerId, userId);
    await addToOutbox(
      tx,
      changed.map((one) => toUserRecord(customerId, one)),
    );
  });
  context.outbox.wake();
  return userId;
}

async function getUser(
  directory: DirectoryClient,
  key: string,
  schemas: string[],
): Promise<{ user: ObservedUser | undefined; sentAt: Date }> {
  try {
    const { body, sentAt } = await directory.getUser(key, schemas);
    const user = parseUser(body);
    if (user.id === key || key.includes('@')) return { user, sentAt };
    throw new DirectoryError('unusable', 'users.get answered with another user than was asked for');
  } catch (err) {
    if (!(err instanceof DirectoryError) || err.kind !== 'not-found' || !err.sentAt) throw err;
    return { user: undefined, sentAt: err.sentAt };
  }
}
