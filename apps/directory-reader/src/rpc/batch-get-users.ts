import type { BatchGetUsersRequest, BatchGetUsersResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { toDirectoryUser } from '../events.ts';
import { findUsers } from '../store/users.ts';
import { invalid, requireCustomerId, requireUserName } from './names.ts';

const NAMES_MAX = 500;

/** Answers those users of one customer that are known, by id or primary address. */
export async function batchGetUsers(
  { pool }: ReaderContext,
  { parent, names }: BatchGetUsersRequest,
): Promise<BatchGetUsersResponse> {
  const customerId = requireCustomerId('parent', parent);
  if (names.length > NAMES_MAX) throw invalid('names', `it holds more than ${NAMES_MAX} names: ask in several calls`);
  const keys = names.map((name, i) => {
    const user = requireUserName(`names[${i}]`, name);
    if (user.customerId !== customerId) throw invalid(`names[${i}]`, `it is no user of ${parent}`);
    return user.userId;
  });
  const users = await findUsers(pool, customerId, keys);
  return { users: users.map((user) => toDirectoryUser(customerId, user)) };
}
