import type { ApproveHeldActionsRequest, ApproveHeldActionsResponse } from '@autoprov/proto';
import { RpcError, status, type CallContext } from '@autoprov/grpc';
import { inTransaction, type Db } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { approvalHashOf, numberOf } from '../domain/approval-hash.ts';
import { appNameOf, type AppKey } from '../domain/model.ts';
import { findApproval, lockHeldActions, saveApproval } from '../store/approvals.ts';
import { countHeld, listCoveredActions, type CoveredAction } from '../store/held-actions.ts';
import { findSetup } from '../store/setups.ts';
import { actorOf } from './actor.ts';
import { readAppName } from './app-key.ts';
import { invalidField } from './errors.ts';

export async function approveHeldActions(
  ctx: PusherContext,
  { app, approvalHash }: ApproveHeldActionsRequest,
  call: Pick<CallContext, 'caller' | 'person'>,
): Promise<ApproveHeldActionsResponse> {
  const key = readAppName('app', app);
  const answer = await inTransaction(ctx.pool, (tx) => approve(ctx, tx, key, approvalHash, actorOf(call)));
  ctx.wakeWorkers();
  return answer;
}

async function approve(
  ctx: PusherContext,
  tx: Db,
  key: AppKey,
  hash: string,
  approvedBy: string,
): Promise<ApproveHeldActionsResponse> {
  await lockHeldActions(tx, key);
  // Whoever did not get the answer asks again.
  const given = await findApproval(tx, key, hash);
  const counts = given ?? (await saveNewApproval(ctx, tx, key, hash, approvedBy));
  const { approvedCount, droppedCount } = counts;
  return { approvedCount, droppedCount, waitingCount: await countHeld(tx, key) };
}

async function saveNewApproval(ctx: PusherContext, tx: Db, key: AppKey, hash: string, approvedBy: string) {
  const covered = await findCovered(tx, key, hash);
  const setupRevision = (await findSetup(tx, key))?.revision ?? 0n;
  if (covered.some((row) => row.setupRevision !== setupRevision)) throw staleApproval(key, setupRevision);
  const heldNos = covered.filter(({ hasEnded }) => !hasEnded).map(({ heldNo }) => heldNo);
  const counts = { approvedCount: BigInt(heldNos.length), droppedCount: BigInt(covered.length - heldNos.length) };
  await saveApproval(tx, key, heldNos, { hash, approvedBy, approvedAt: ctx.now(), ...counts });
  return counts;
}

async function findCovered(tx: Db, key: AppKey, hash: string): Promise<CoveredAction[]> {
  const upToNo = numberOf(hash);
  const covered = upToNo === undefined ? [] : await listCoveredActions(tx, key, upToNo);
  if (upToNo !== undefined && covered.length > 0 && approvalHashOf(upToNo, covered) === hash) return covered;
  throw invalidField('approval_hash', 'is of nothing that is held here: list what is held and send its approval_hash');
}

function staleApproval(key: AppKey, revision: bigint): RpcError {
  const app = appNameOf(key);
  const message = `nothing was approved: the setup of ${app} has changed since, so that everybody is decided again; list what is held then`;
  const metadata = { app, setupRevision: String(revision) };
  return new RpcError(status.FAILED_PRECONDITION, 'STALE_APPROVAL', message, { metadata });
}
