import { RpcError, status, type CallContext } from '@autoprov/grpc';
import type { DirectoryUser, GetUserRequest, GetUserResponse } from '@autoprov/proto';
import { askDirectory, directoryFailure } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { parseUser } from '../domain/pages.ts';
import { toDirectoryUser } from '../events.ts';
import { findMirrorUser } from './find-mirror-user.ts';
import { requireUserName } from './names.ts';

/** Answers a user by id, else by primary address: of the mirror, or as Google has it now. */
export async function getUser(
  context: ReaderContext,
  { name, fresh }: GetUserRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<GetUserResponse> {
  const { customerId, userId } = requireUserName('name', name);
  if (fresh) return { user: await readUser(context, customerId, userId, call) };
  const user = await findMirrorUser(context, customerId, userId);
  if (user) return { user: toDirectoryUser(customerId, user) };
  const advice = 'check the id or address, or ask for a read of the directory first';
  throw notFound(`no such user in the mirror of customers/${customerId}: ${advice}`);
}

/** Needs no mirror: before the first activation there is none. */
async function readUser(
  context: ReaderContext,
  customerId: string,
  key: string,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<DirectoryUser> {
  try {
    const { body, sentAt } = await askDirectory(context, customerId, call).getUser(key, 'all');
    const observed = parseUser(body);
    const groups = (await findMirrorUser(context, customerId, observed.id))?.groups ?? [];
    return toDirectoryUser(customerId, { ...observed, groups, observedAt: sentAt, seq: 0n });
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    if (err.kind !== 'not-found') throw directoryFailure(err, 'the user could not be read');
    throw notFound(`Google knows no such user in the directory of customers/${customerId}: check the id or address`);
  }
}

function notFound(message: string): RpcError {
  return new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message);
}
