import type { DeleteCredentialRequest, DeleteCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { deleteCredential as deleteRow } from '../store/credentials.ts';
import { notFound } from './errors.ts';
import { readCredentialName } from './names.ts';

export async function deleteCredential(
  ctx: BrokerContext,
  { name }: DeleteCredentialRequest,
): Promise<DeleteCredentialResponse> {
  const { customerId, appId } = readCredentialName('name', name);
  if (!(await deleteRow(ctx.pool, customerId, appId))) throw notFound(name, 'nothing is to be deleted');
  // Whoever still needs it is told so at the next call; for nobody nothing fails.
  await reportPassed(ctx, `customers/${customerId}/apps/${appId}`);
  return {};
}
