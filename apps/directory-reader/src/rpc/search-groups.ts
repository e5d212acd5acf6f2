import type { CallContext } from '@autoprov/grpc';
import { ExtraScope, type SearchGroupsRequest, type SearchGroupsResponse } from '@autoprov/proto';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { groupQueries, parseGroups } from '../domain/picker.ts';
import { withExtraScope } from './extra-scope.ts';
import { invalid, requireCustomerId } from './names.ts';

const QUERY_MAX = 100;
const need = {
  scope: 'https://www.googleapis.com/auth/admin.directory.group.readonly',
  what: 'groups could not be searched for',
  instead: "a group's address or id that is typed works without it",
};

/** Asks Google for groups by the beginning of name or address. Nothing of it is kept. */
export async function searchGroups(
  context: ReaderContext,
  { parent, query }: SearchGroupsRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<SearchGroupsResponse> {
  const customerId = requireCustomerId('parent', parent);
  const text = query.trim();
  if (text === '' || text.length > QUERY_MAX || /\p{Cc}/u.test(text)) {
    throw invalid('query', `write the beginning of a name or address, at most ${QUERY_MAX} characters`);
  }
  const extraScope = ExtraScope.EXTRA_SCOPE_GROUP_READONLY;
  const directory = askDirectory(context, customerId, call, { extraScope });
  const found = await withExtraScope(need, () =>
    Promise.all(groupQueries(text).map(async (one) => parseGroups((await directory.searchGroups(one)).body))),
  );
  const groups = new Map(found.flat().map((group) => [group.groupId, group]));
  return { groups: [...groups.values()].sort((a, b) => (a.email < b.email ? -1 : 1)) };
}
