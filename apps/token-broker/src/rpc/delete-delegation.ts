import { RpcError, status } from '@autoprov/grpc';
import type { DeleteDelegationRequest, DeleteDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { deleteDelegation as deleteRow } from '../store/delegations.ts';
import { readDelegationName } from './names.ts';

export async function deleteDelegation(
  ctx: BrokerContext,
  { name }: DeleteDelegationRequest,
): Promise<DeleteDelegationResponse> {
  if (await deleteRow(ctx.pool, readDelegationName('name', name))) return {};
  throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `there is no ${name}: nothing is to be deleted`);
}
