import type { ListSetupRevisionsRequest, ListSetupRevisionsResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { listSetupRevisions as findRevisions } from '../store/setup-revisions.ts';
import { cutPage, pageLimit, readPageToken } from './pages.ts';
import { readSetupKey } from './violations.ts';

const REVISION_MAX = 2n ** 63n - 1n;

export async function listSetupRevisions(
  ctx: ConfigContext,
  request: ListSetupRevisionsRequest,
): Promise<ListSetupRevisionsResponse> {
  const key = readSetupKey('parent', request.parent);
  const limit = pageLimit(request.pageSize);
  const before = readPageToken(request.pageToken, /^\d{1,18}$/) ?? REVISION_MAX;
  const found = await findRevisions(ctx.pool, key, BigInt(before), limit + 1);
  const { items, nextPageToken } = cutPage(found, limit, ({ revision }) => String(revision));
  return { revisions: items, nextPageToken };
}
