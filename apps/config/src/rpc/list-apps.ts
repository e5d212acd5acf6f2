import type { ListAppsRequest, ListAppsResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { listApps as findApps } from '../store/apps.ts';
import { findCustomer } from '../store/customers.ts';
import { notFoundError } from './errors.ts';
import { cutPage, pageLimit, readPageToken } from './pages.ts';
import { presentApp } from './present.ts';
import { readCustomerId } from './violations.ts';

export async function listApps(ctx: ConfigContext, request: ListAppsRequest): Promise<ListAppsResponse> {
  const customerId = readCustomerId('parent', request.parent);
  const limit = pageLimit(request.pageSize);
  const afterId = readPageToken(request.pageToken, /^[a-z0-9-]{2,40}$/) ?? '';
  if (!(await findCustomer(ctx.pool, customerId))) throw notFoundError(request.parent, 'create the customer first');
  const found = await findApps(ctx.pool, customerId, afterId, limit + 1);
  const { items, nextPageToken } = cutPage(found, limit, ({ appId }) => appId);
  return { apps: items.map(presentApp), nextPageToken };
}
