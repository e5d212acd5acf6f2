import type { ListCustomersRequest, ListCustomersResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { listCustomers as findCustomers } from '../store/customers.ts';
import { cutPage, pageLimit, readPageToken } from './pages.ts';
import { presentCustomer } from './present.ts';

export async function listCustomers(ctx: ConfigContext, request: ListCustomersRequest): Promise<ListCustomersResponse> {
  const limit = pageLimit(request.pageSize);
  const afterId = readPageToken(request.pageToken, /^[a-z0-9-]{2,40}$/) ?? '';
  const found = await findCustomers(ctx.pool, afterId, limit + 1);
  const { items, nextPageToken } = cutPage(found, limit, ({ customerId }) => customerId);
  return { customers: items.map(presentCustomer), nextPageToken };
}
