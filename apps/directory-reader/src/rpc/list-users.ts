import type { CallContext } from '@autoprov/grpc';
import type { ListUsersRequest, ListUsersResponse } from '@autoprov/proto';
import { askDirectory, directoryFailure } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { parseUsersPage } from '../domain/pages.ts';
import { toDirectoryUser } from '../events.ts';
import { findUsers, listUsers as selectUsers } from '../store/users.ts';
import { invalid, requireCustomerId } from './names.ts';
import { cutPage, readGooglePageRequest, readPageRequest, writeGooglePageToken } from './pages.ts';

/** Answers a page of the mirror, or of Google's list as it is now. */
export async function listUsers(
  context: ReaderContext,
  request: ListUsersRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ListUsersResponse> {
  const customerId = requireCustomerId('parent', request.parent);
  if (request.fresh) return listFreshUsers(context, customerId, request, call);
  const { after, limit } = readPageRequest(request);
  const { showDeleted } = request;
  const found = await selectUsers(context.pool, customerId, { after, limit: limit + 1, showDeleted });
  const { page, nextPageToken } = cutPage(found, limit, (user) => user.id);
  return { users: page.map((user) => toDirectoryUser(customerId, user)), nextPageToken };
}

/** Needs no mirror, and leaves it as it is. */
async function listFreshUsers(
  context: ReaderContext,
  customerId: string,
  request: ListUsersRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ListUsersResponse> {
  if (request.showDeleted) throw invalid('show_deleted', 'Google lists deleted users apart: ask for the mirror');
  const { limit, googleToken } = readGooglePageRequest(request);
  try {
    const { body, sentAt } = await askDirectory(context, customerId, call).listUsers('all', googleToken, limit);
    const { items, nextPageToken } = parseUsersPage(body);
    const mirrored = await findUsers(
      context.pool,
      customerId,
      items.map(({ id }) => id),
    );
    const groups = new Map(mirrored.map((user) => [user.id, user.groups]));
    const users = items.map((user) => ({ ...user, groups: groups.get(user.id) ?? [], observedAt: sentAt, seq: 0n }));
    return {
      users: users.map((user) => toDirectoryUser(customerId, user)),
      nextPageToken: writeGooglePageToken(nextPageToken),
    };
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    if (err.kind === 'rejected' && googleToken !== undefined) {
      throw invalid('page_token', 'Google does not take it any more: begin without one');
    }
    throw directoryFailure(err, 'the users could not be listed');
  }
}
