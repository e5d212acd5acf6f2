import type { CallContext } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import type { DeleteRoleBindingRequest, DeleteRoleBindingResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { deleteBinding, lockBinding } from '../store/role-bindings.ts';
import { notFoundError } from './errors.ts';
import { readBindingName } from './role-bindings.ts';

export async function deleteRoleBinding(
  ctx: ConfigContext,
  { name, validateOnly }: DeleteRoleBindingRequest,
  call: CallContext,
): Promise<DeleteRoleBindingResponse> {
  const key = readBindingName('name', name);
  return inTransaction(ctx.pool, async (tx) => {
    const binding = await lockBinding(tx, key);
    if (!binding) throw notFoundError(name, 'it may be taken away already');
    // Nobody takes more than they have.
    call.requireRole(binding.role, 'customers/-');
    if (!validateOnly) await deleteBinding(tx, key);
    return {};
  });
}
