import type { CallContext } from '@autoprov/grpc';
import type { ReadUser, ReadUsersRequest, ReadUsersResponse } from '@autoprov/proto';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError, problemOf } from '../domain/directory-error.ts';
import { forEachConcurrently } from '../for-each-concurrently.ts';
import { readUserNow } from '../read-user-now.ts';
import { findCustomer } from '../store/customers.ts';
import { createDatabaseClock } from '../store/database-clock.ts';
import { findMirrorUser } from './find-mirror-user.ts';
import { requireCustomerId, requireUserKeys } from './names.ts';

const NAMES_MAX = 1_000;
const CONCURRENT_GETS = 8;

/** Reads some users now; whoever can't be read is answered with why, and does not keep the others from it. */
export async function readUsers(
  context: ReaderContext,
  { parent, names }: ReadUsersRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ReadUsersResponse> {
  const customerId = requireCustomerId('parent', parent);
  const keys = requireUserKeys(parent, names, NAMES_MAX);
  const customer = await findCustomer(context.pool, customerId);
  if (!customer?.usersCovered) {
    const problem = 'the directory was not read whole yet: activate a setup, and wait for its first read';
    return { users: names.map((asked) => ({ asked, name: '', seq: 0n, problem })) };
  }
  const how = { countAs: 'hurried' as const, now: await createDatabaseClock(context.pool) };
  const directory = askDirectory(context, customerId, call, how);
  const users: ReadUser[] = [];
  await forEachConcurrently([...keys.entries()], CONCURRENT_GETS, async ([index, key]) => {
    const asked = names[index]!;
    const known = await findMirrorUser(context, customerId, key);
    let problem = '';
    let userId = known?.id ?? key;
    try {
      userId = await readUserNow(context, customer, directory, userId);
    } catch (err) {
      if (!(err instanceof DirectoryError)) throw err;
      problem = problemOf(err, 'users').detail;
    }
    const now = await findMirrorUser(context, customerId, userId);
    users[index] = { asked, name: now ? `${parent}/users/${now.id}` : '', seq: now?.seq ?? 0n, problem };
  });
  return { users };
}
