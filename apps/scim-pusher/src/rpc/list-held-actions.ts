import { HeldAction_State, type ListHeldActionsRequest, type ListHeldActionsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { approvalHashOf, numberOf } from '../domain/approval-hash.ts';
import type { AppKey } from '../domain/model.ts';
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
  const token = readPageToken(request.pageToken, isToken);
  const { upToNo, approvalHash, coveredCount } = token ? readShown(token) : await lookAtHeld(ctx, key, state);
  const afterNo = BigInt(token?.[3] ?? 0);
  const rows = await listRows(ctx.pool, key, { state, upToNo, afterNo, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const parts = [String(upToNo), approvalHash, String(coveredCount), String(page.at(-1)?.heldNo)];
  return {
    heldActions: page.map((row) => presentHeldAction(key.customerId, row)),
    nextPageToken: rows.length > limit ? toPageToken(...parts) : '',
    approvalHash,
    coveredCount,
  };
}

/** All pages show what was so when the first was asked for: what they showed is what is approved. */
type Shown = { upToNo: bigint; approvalHash: string; coveredCount: bigint };

async function lookAtHeld({ pool }: PusherContext, key: AppKey, state: HeldState): Promise<Shown> {
  const upToNo = await readHeldNo(pool, key);
  if (state !== 'held') return { upToNo, approvalHash: '', coveredCount: 0n };
  const covered = await listCoveredActions(pool, key, upToNo);
  return { upToNo, approvalHash: approvalHashOf(upToNo, covered), coveredCount: BigInt(covered.length) };
}

function isToken(parts: readonly string[]): boolean {
  const [upToNo, approvalHash, ...numbers] = parts;
  const isHash = approvalHash === '' || numberOf(approvalHash ?? '') !== undefined;
  return parts.length === 4 && isHash && [upToNo!, ...numbers].every((part) => /^\d{1,18}$/.test(part));
}

function readShown([upToNo, approvalHash, coveredCount]: readonly string[]): Shown {
  return { upToNo: BigInt(upToNo!), approvalHash: approvalHash!, coveredCount: BigInt(coveredCount!) };
}
