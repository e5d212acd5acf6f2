import { randomBytes } from 'node:crypto';
import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type CreateRoleBindingRequest, type CreateRoleBindingResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { lockCustomer } from '../store/customers.ts';
import { findBinding, insertBinding } from '../store/role-bindings.ts';
import { existsError, notFoundError } from './errors.ts';
import { checkMember, normalizeMember, presentBinding, readBindingParent, roleOf } from './role-bindings.ts';
import { checkRequestId, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function createRoleBinding(
  ctx: ConfigContext,
  request: CreateRoleBindingRequest,
  call: CallContext,
): Promise<CreateRoleBindingResponse> {
  const role = roleOf(request.roleBinding);
  const member = request.roleBinding?.member ?? '';
  refuseViolations([
    ...checkMember('role_binding.member', member),
    ...(role ? [] : [{ field: 'role_binding.role', description: 'must be a role: viewer, operator or approver' }]),
    ...checkRequestId(request.requestId),
  ]);
  const customerId = readBindingParent('parent', request.parent);
  // Nobody gives more than they have.
  call.requireRole(role!, 'customers/-');
  return writeOnce(ctx, call, ConfigServiceService.createRoleBinding, request, async (tx) => {
    if (customerId !== '-' && !(await lockCustomer(tx, customerId))) {
      throw notFoundError(request.parent, 'create the customer first');
    }
    const bindingId = randomBytes(10).toString('hex');
    const binding = { customerId, bindingId, member: normalizeMember(member), role: role!, createTime: ctx.now() };
    const isFree = request.validateOnly ? !(await findBinding(tx, binding)) : await insertBinding(tx, binding);
    if (!isFree) throw existsError(`the role ${role} of this member for ${request.parent}`);
    return { roleBinding: presentBinding(binding) };
  });
}
