import type { ListRoleBindingsRequest, ListRoleBindingsResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { listBindings } from '../store/role-bindings.ts';
import { cutPage, pageLimit, readPageToken } from './pages.ts';
import { checkMember, normalizeMember, presentBinding, readBindingParent } from './role-bindings.ts';
import { refuseViolations } from './violations.ts';

export async function listRoleBindings(
  ctx: ConfigContext,
  request: ListRoleBindingsRequest,
): Promise<ListRoleBindingsResponse> {
  const customerId = readBindingParent('parent', request.parent);
  if (request.member !== '') refuseViolations(checkMember('member', request.member));
  const limit = pageLimit(request.pageSize);
  const [afterCustomer = '', afterBinding = ''] =
    readPageToken(request.pageToken, /^(-|[a-z0-9-]{2,40})\/[a-z0-9]+$/)?.split('/') ?? [];
  const after = { customerId: afterCustomer, bindingId: afterBinding };
  const query = { customerId, member: normalizeMember(request.member), after, limit: limit + 1 };
  const found = await listBindings(ctx.pool, query);
  const { items, nextPageToken } = cutPage(found, limit, (last) => `${last.customerId}/${last.bindingId}`);
  return { roleBindings: items.map(presentBinding), nextPageToken };
}
