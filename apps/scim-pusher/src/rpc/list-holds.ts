import { parseAppName, type ListHoldsRequest, type ListHoldsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { findHolds, holdParents, listHolds as listAll } from '../store/holds.ts';
import { presentHold, readHoldParent } from './hold-messages.ts';

export async function listHolds(ctx: PusherContext, request: ListHoldsRequest): Promise<ListHoldsResponse> {
  const parent = readHoldParent(request.parent);
  const app = parseAppName(parent);
  const parents = app ? holdParents(app) : ['customers/-', parent];
  const holds = parent === 'customers/-' ? await listAll(ctx.pool) : await findHolds(ctx.pool, parents);
  return { holds: holds.map(presentHold) };
}
