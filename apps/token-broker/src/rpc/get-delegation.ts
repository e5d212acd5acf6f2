import type { GetDelegationRequest, GetDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { findDelegation } from '../store/delegations.ts';
import { notFound } from './errors.ts';
import { readDelegationName } from './names.ts';
import { presentDelegation } from './present.ts';

export async function getDelegation(
  ctx: BrokerContext,
  { name }: GetDelegationRequest,
): Promise<GetDelegationResponse> {
  const stored = await findDelegation(ctx.pool, readDelegationName('name', name));
  if (stored) return { delegation: presentDelegation(stored) };
  throw notFound(name, 'store a service account first');
}
