import type { PlanUndoRequest, PlanUndoResponse, StartUndoRequest, StartUndoResponse } from '@autoprov/proto';
import type { CallContext } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { findDangers } from '../domain/guard.ts';
import { decideFor } from '../push/decide-people.ts';
import { listUndoTargets, saveUndo, type Unrestorable } from '../store/undos.ts';
import { findUsers } from '../store/users.ts';
import { actorOf } from './actor.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';
import { readReason } from './hold-messages.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';
import { presentPlannedAction } from './present-planned-action.ts';

export async function planUndo(ctx: PusherContext, request: PlanUndoRequest): Promise<PlanUndoResponse> {
  const key = readAppName('app', request.app);
  const app = await requireSetup(ctx, request.app, key);
  const since = readSince(ctx, request.since);
  const limit = readPageSize(request.pageSize);
  const [afterUserId = ''] = readPageToken(request.pageToken, (parts) => parts.length === 1) ?? [];
  const targets = await listUndoTargets(ctx.pool, key, since, { afterUserId, limit });
  const undone = new Map(targets.flatMap(({ userId, undoTo }) => (undoTo ? [[userId, undoTo] as const] : [])));
  const users = await findUsers(ctx.pool, key.customerId, [...undone.keys()]);
  const turns = new Map((await decideFor({ ctx, app }, users, undone)).map((turn) => [turn.userId, turn]));
  const userName = (userId: string) => `customers/${key.customerId}/users/${userId}`;
  return {
    actions: [...turns.values()]
      .filter(({ decision }) => decision.do !== 'nothing')
      .toSorted((a, b) => (a.userId < b.userId ? -1 : 1))
      .map((turn) => {
        const dangers = findDangers(app.setup, turn.decision, turn.account).map(({ danger }) => danger);
        return presentPlannedAction({ ...turn, customerId: key.customerId, dangers });
      }),
    unrestorable: targets.flatMap(({ userId, unrestorable }) =>
      unrestorable ? [{ user: userName(userId), explanation: reasons[unrestorable] }] : [],
    ),
    nextPageToken: targets.length < limit ? '' : toPageToken(targets.at(-1)!.userId),
  };
}

export async function startUndo(
  ctx: PusherContext,
  request: StartUndoRequest,
  call: Pick<CallContext, 'caller' | 'person'>,
): Promise<StartUndoResponse> {
  const key = readAppName('app', request.app);
  await requireSetup(ctx, request.app, key);
  const since = readSince(ctx, request.since);
  const undo = { since, reason: readReason(request.reason), askedBy: actorOf(call), askedAt: ctx.now() };
  const accountCount = await inTransaction(ctx.pool, (tx) => saveUndo(tx, key, undo));
  ctx.wakeWorkers();
  return { accountCount };
}

const reasons: Record<Unrestorable, string> = {
  deleted: 'the account was deleted since: create it anew by giving the person access',
  adopted:
    "the account was there before it was linked: how it was then is not known; see the service provider's own log",
  unknown: 'nothing is kept of the time before: it is left as it is',
};

function readSince(ctx: PusherContext, since: Date | undefined): Date {
  if (since && since < ctx.now()) return since;
  throw invalidField('since', 'must be a time in the past: when what is to be undone began');
}
