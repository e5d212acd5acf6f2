import { RpcError, status } from '@autoprov/grpc';
import type { GetUserRequest, GetUserResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { toDirectoryUser } from '../events.ts';
import { findUsers } from '../store/users.ts';
import { requireUserName } from './names.ts';

/** Answers a user by id, else by primary address. */
export async function getUser({ pool }: ReaderContext, { name }: GetUserRequest): Promise<GetUserResponse> {
  const { customerId, userId } = requireUserName('name', name);
  const found = await findUsers(pool, customerId, [userId]);
  const user = found.find(({ id }) => id === userId) ?? found[0];
  if (user) return { user: toDirectoryUser(customerId, user) };
  const advice = 'check the id or address, or ask for a read of the directory first';
  throw new RpcError(
    status.NOT_FOUND,
    'RESOURCE_NOT_FOUND',
    `no such user in the mirror of customers/${customerId}: ${advice}`,
  );
}
