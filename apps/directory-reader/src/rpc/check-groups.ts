import type { CallContext } from '@autoprov/grpc';
import type { CheckGroupsRequest, CheckGroupsResponse, GroupCheck } from '@autoprov/proto';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import type { DirectoryClient } from '../directory-client.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { parseMembersPage } from '../domain/pages.ts';
import { forEachConcurrently } from '../for-each-concurrently.ts';
import { problemOfGroup } from '../read-groups.ts';
import { invalid, requireCustomerId } from './names.ts';

const GROUPS_MAX = 100;
const CONCURRENT_GROUPS = 8;

/** Asks Google for the first page of each group's members, as a read would. Nothing of it is kept. */
export async function checkGroups(
  context: ReaderContext,
  { parent, groups }: CheckGroupsRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<CheckGroupsResponse> {
  const customerId = requireCustomerId('parent', parent);
  if (groups.length > GROUPS_MAX)
    throw invalid('groups', `there are ${groups.length}: ask for ${GROUPS_MAX} at a time`);
  const directory = askDirectory(context, customerId, call);
  const checks: GroupCheck[] = [];
  await forEachConcurrently(groups.entries(), CONCURRENT_GROUPS, async ([i, group]) => {
    checks[i] = await checkGroup(directory, group);
  });
  return { checks };
}

async function checkGroup(directory: DirectoryClient, group: string): Promise<GroupCheck> {
  try {
    parseMembersPage((await directory.listMembers(group, undefined)).body);
    return { group, found: true, code: '', reason: '' };
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    const { code, reason } = problemOfGroup(err);
    return { group, found: false, code, reason };
  }
}
