import type { CallContext } from '@autoprov/grpc';
import { ExtraScope, type ListOrgUnitsRequest, type ListOrgUnitsResponse } from '@autoprov/proto';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { parseOrgUnits } from '../domain/picker.ts';
import { withExtraScope } from './extra-scope.ts';
import { requireCustomerId } from './names.ts';

const need = {
  scope: 'https://www.googleapis.com/auth/admin.directory.orgunit.readonly',
  what: 'the org units could not be listed',
  instead: 'a path that is typed works without it',
};

/** Asks Google for the org units. Nothing of it is kept: where a user is comes with the user. */
export async function listOrgUnits(
  context: ReaderContext,
  { parent }: ListOrgUnitsRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ListOrgUnitsResponse> {
  const extraScope = ExtraScope.EXTRA_SCOPE_ORGUNIT_READONLY;
  const directory = askDirectory(context, requireCustomerId('parent', parent), call, { extraScope });
  const orgUnits = await withExtraScope(need, async () => parseOrgUnits((await directory.listOrgUnits()).body));
  return { orgUnits: orgUnits.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
