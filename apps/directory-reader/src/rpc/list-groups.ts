import type { ListGroupsRequest, ListGroupsResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { toDirectoryGroup } from '../events.ts';
import { listGroups as selectGroups } from '../store/interests.ts';
import { requireCustomerId } from './names.ts';
import { cutPage, readPageRequest } from './pages.ts';

/** Answers a page of the groups of interest. */
export async function listGroups({ pool }: ReaderContext, request: ListGroupsRequest): Promise<ListGroupsResponse> {
  const customerId = requireCustomerId('parent', request.parent);
  const { after, limit } = readPageRequest(request);
  const { page, nextPageToken } = cutPage(
    await selectGroups(pool, customerId, after, limit + 1),
    limit,
    ({ name }) => name,
  );
  return { groups: page.map((group) => toDirectoryGroup(customerId, group)), nextPageToken };
}
