import { HeldAction_State, type ListHeldActionsRequest, type ListHeldActionsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { approvalHashOf } from '../domain/approval-hash.ts';
import { listCoveredActions, listHeldActions as listRows, readHeldNo, type HeldState } from '../store/held-actions.ts';
import { readAppName } from './app-key.ts';
import { invalidField } from './errors.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';
import { presentHeldAction } from './present-held-action.ts';

const states: Partial<Record<HeldAction_State, HeldState>> = {
  [HeldAction_State.STATE_UNSPECIFIED]: 'held',
  [HeldAction_State.STATE_HELD]: 'held',
  [HeldAction_State.STATE_APPROVED]: 'approved',
  [HeldAction_State.STATE_APPLIED]: 'applied',
  [HeldAction_State.STATE_DROPPED]: 'dropped',
};

export async function listHeldActions(
  ctx: PusherContext,
  request: ListHeldActionsRequest,
): Promise<ListHeldActionsResponse> {
  const key = readAppName('parent', request.parent);
  const limit = readPageSize(request.pageSize);
  const state = states[request.state];
  if (!state)
    throw invalidField('state', 'is unknown: send STATE_HELD, STATE_APPROVED, STATE_APPLIED or STATE_DROPPED');
  // All pages show what was so when the first was asked for: what they showed is what is approved.
  const isToken = (parts: readonly string[]) => parts.length === 2 && parts.every((part) => /^\d{1,18}$/.test(part));
  const [upTo, after] = readPageToken(request.pageToken, isToken) ?? [];
  const upToNo = upTo === undefined ? await readHeldNo(ctx.pool, key) : BigInt(upTo);
  const rows = await listRows(ctx.pool, key, { state, upToNo, afterNo: BigInt(after ?? 0), limit: limit + 1 });
  const page = rows.slice(0, limit);
  const covered = state === 'held' ? await listCoveredActions(ctx.pool, key, upToNo) : [];
  return {
    heldActions: page.map((row) => presentHeldAction(key.customerId, row)),
    nextPageToken: rows.length > limit ? toPageToken(String(upToNo), String(page.at(-1)!.heldNo)) : '',
    approvalHash: state === 'held' ? approvalHashOf(upToNo, covered) : '',
    coveredCount: BigInt(covered.length),
  };
}
