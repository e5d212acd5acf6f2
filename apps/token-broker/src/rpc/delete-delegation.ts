import type { DeleteDelegationRequest, DeleteDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { deleteDelegation as deleteRow } from '../store/delegations.ts';
import { notFound } from './errors.ts';
import { readDelegationName } from './names.ts';

export async function deleteDelegation(
  ctx: BrokerContext,
  { name }: DeleteDelegationRequest,
): Promise<DeleteDelegationResponse> {
  const customerId = readDelegationName('name', name);
  if (!(await deleteRow(ctx.pool, customerId))) throw notFound(name, 'nothing is to be deleted');
  // Whoever still needs it is told so at the next call; for nobody nothing fails.
  await reportPassed(ctx, `customers/${customerId}`);
  return {};
}
