import { RpcError, status } from '@autoprov/grpc';
import type { GetCredentialRequest, GetCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { findCredential } from '../store/credentials.ts';
import { readCredentialName } from './names.ts';
import { presentCredential } from './present.ts';

export async function getCredential(
  ctx: BrokerContext,
  { name }: GetCredentialRequest,
): Promise<GetCredentialResponse> {
  const { customerId, appId } = readCredentialName('name', name);
  const stored = await findCredential(ctx.pool, customerId, appId);
  if (stored) return { credential: presentCredential(stored) };
  throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `there is no ${name}: store a credential first`);
}
