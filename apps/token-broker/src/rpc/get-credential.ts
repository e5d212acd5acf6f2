import type { GetCredentialRequest, GetCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { findCredential } from '../store/credentials.ts';
import { notFound } from './errors.ts';
import { readCredentialName } from './names.ts';
import { presentCredential } from './present.ts';

export async function getCredential(
  ctx: BrokerContext,
  { name }: GetCredentialRequest,
): Promise<GetCredentialResponse> {
  const stored = await findCredential(ctx.pool, readCredentialName('name', name));
  if (stored) return { credential: presentCredential(stored, ctx.now()) };
  throw notFound(name, 'store a credential first');
}
