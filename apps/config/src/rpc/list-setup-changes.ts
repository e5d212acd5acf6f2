import { SetupChange, type ListSetupChangesRequest, type ListSetupChangesResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { effectiveSetup } from '../domain/effective-setup.ts';
import { listSetupChanges as findChanges, type SetupChange as StoredChange } from '../store/setups.ts';
import { pageLimit } from './pages.ts';
import { appName } from './present.ts';

/** Half of what one gRPC message may hold. */
const PAGE_BYTES_MAX = 2_000_000;

export async function listSetupChanges(
  ctx: ConfigContext,
  { sinceRevision, pageSize }: ListSetupChangesRequest,
): Promise<ListSetupChangesResponse> {
  const limit = pageLimit(pageSize, { sizeDefault: 500 });
  const found = await findChanges(ctx.pool, sinceRevision, limit + 1);
  const changes = cutBySize(found.slice(0, limit).map(presentChange));
  return {
    changes,
    nextSinceRevision: changes.at(-1)?.revision ?? sinceRevision,
    more: found.length > changes.length,
  };
}

function presentChange({ stored, revision, appRemoved, template, ...key }: StoredChange): SetupChange {
  const setup = stored && effectiveSetup(stored.setup, stored.defaults);
  return { app: appName(key), revision, setup, appRemoved, scim: stored?.scim, template: template ?? undefined };
}

/** As many of the first as one answer holds, and at least one. */
function cutBySize(changes: SetupChange[]): SetupChange[] {
  let bytes = 0;
  const end = changes.findIndex((change, i) => {
    bytes += SetupChange.encode(change).finish().length;
    return i > 0 && bytes > PAGE_BYTES_MAX;
  });
  return end === -1 ? changes : changes.slice(0, end);
}
