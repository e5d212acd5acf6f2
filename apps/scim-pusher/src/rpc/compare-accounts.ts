import { RpcError, status } from '@autoprov/grpc';
import type { CompareAccountsRequest, CompareAccountsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { askComparison } from '../store/comparisons.ts';
import { isActive } from '../store/setups.ts';
import { readAppName, requireSetup } from './app-key.ts';

export async function compareAccounts(
  ctx: PusherContext,
  { app }: CompareAccountsRequest,
): Promise<CompareAccountsResponse> {
  const key = readAppName('app', app);
  const setup = await requireSetup(ctx, app, key);
  if (!isActive(setup)) {
    const message = `${app} is inactive, and not compared: activate it, under a hold of writes where nothing may be sent`;
    throw new RpcError(status.FAILED_PRECONDITION, 'INVALID_REQUEST', message);
  }
  const comparisonId = await askComparison(ctx.pool, key);
  ctx.wakeWorkers();
  return { comparisonId };
}
