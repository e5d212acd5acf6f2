import { RpcError, status } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import type { DeleteCustomerRequest, DeleteCustomerResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { listApps } from '../store/apps.ts';
import { deleteCustomer as removeCustomer, lockCustomer } from '../store/customers.ts';
import { notFoundError } from './errors.ts';
import { readCustomerId } from './violations.ts';

export async function deleteCustomer(
  ctx: ConfigContext,
  { name, validateOnly }: DeleteCustomerRequest,
): Promise<DeleteCustomerResponse> {
  const customerId = readCustomerId('name', name);
  return inTransaction(ctx.pool, async (tx) => {
    if (!(await lockCustomer(tx, customerId))) throw notFoundError(name, 'it may be deleted already');
    const [app] = await listApps(tx, customerId, '', 1);
    if (app) {
      const message = `${name} still has apps, for example ${app.appId}: remove them first`;
      throw new RpcError(status.FAILED_PRECONDITION, 'RESOURCE_IN_USE', message, { metadata: { name } });
    }
    if (!validateOnly) await removeCustomer(tx, customerId);
    return {};
  });
}
