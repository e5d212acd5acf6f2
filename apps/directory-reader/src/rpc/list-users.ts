import type { ListUsersRequest, ListUsersResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { toDirectoryUser } from '../events.ts';
import { listUsers as selectUsers } from '../store/users.ts';
import { requireCustomerId } from './names.ts';
import { cutPage, readPageRequest } from './pages.ts';

/** Answers a page of the mirror. */
export async function listUsers({ pool }: ReaderContext, request: ListUsersRequest): Promise<ListUsersResponse> {
  const customerId = requireCustomerId('parent', request.parent);
  const { after, limit } = readPageRequest(request);
  const found = await selectUsers(pool, customerId, { after, limit: limit + 1, showDeleted: request.showDeleted });
  const { page, nextPageToken } = cutPage(found, limit, (user) => user.id);
  return { users: page.map((user) => toDirectoryUser(customerId, user)), nextPageToken };
}
