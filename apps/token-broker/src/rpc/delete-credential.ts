import { inTransaction } from '@autoprov/postgres';
import type { DeleteCredentialRequest, DeleteCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { withdrawCredential } from '../withdraw-credential.ts';
import { notFound } from './errors.ts';
import { readCredentialName } from './names.ts';

export async function deleteCredential(
  ctx: BrokerContext,
  { name }: DeleteCredentialRequest,
): Promise<DeleteCredentialResponse> {
  const key = readCredentialName('name', name);
  const outcome = await inTransaction(ctx.pool, (tx) => withdrawCredential(ctx, tx, key));
  if (outcome === 'none') throw notFound(name, 'nothing is to be deleted');
  ctx.wakeRevocations();
  // Whoever still needs it is told so at the next call; for nobody nothing fails.
  await reportPassed(ctx, `customers/${key.customerId}/apps/${key.appId}`);
  return {};
}
