import type { BatchGetUsersRequest, BatchGetUsersResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { toDirectoryUser } from '../events.ts';
import { findUsers } from '../store/users.ts';
import { requireCustomerId, requireUserKeys } from './names.ts';

const NAMES_MAX = 500;

/** Answers those users of one customer that are known, by id or primary address. */
export async function batchGetUsers(
  { pool }: ReaderContext,
  { parent, names }: BatchGetUsersRequest,
): Promise<BatchGetUsersResponse> {
  const customerId = requireCustomerId('parent', parent);
  const keys = requireUserKeys(parent, names, NAMES_MAX);
  const users = await findUsers(pool, customerId, keys);
  return { users: users.map((user) => toDirectoryUser(customerId, user)) };
}
