import { RpcError, status } from '@autoprov/grpc';
import type { GetDelegationRequest, GetDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { findDelegation } from '../store/delegations.ts';
import { readDelegationName } from './names.ts';
import { presentDelegation } from './present.ts';

export async function getDelegation(
  ctx: BrokerContext,
  { name }: GetDelegationRequest,
): Promise<GetDelegationResponse> {
  const stored = await findDelegation(ctx.pool, readDelegationName('name', name));
  if (stored) return { delegation: presentDelegation(stored) };
  throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `there is no ${name}: store a service account first`);
}
