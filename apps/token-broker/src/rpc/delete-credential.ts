import { RpcError, status } from '@autoprov/grpc';
import type { DeleteCredentialRequest, DeleteCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { deleteCredential as deleteRow } from '../store/credentials.ts';
import { readCredentialName } from './names.ts';

export async function deleteCredential(
  ctx: BrokerContext,
  { name }: DeleteCredentialRequest,
): Promise<DeleteCredentialResponse> {
  const { customerId, appId } = readCredentialName('name', name);
  if (await deleteRow(ctx.pool, customerId, appId)) return {};
  throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `there is no ${name}: nothing is to be deleted`);
}
