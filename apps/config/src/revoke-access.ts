import { rpcErrorOf, type CallContext } from '@autoprov/grpc';
import type { Revocation } from '@autoprov/proto';
import { within } from './checks/ask.ts';
import type { ConfigContext } from './context.ts';
import type { AppKey } from './domain/app-key.ts';
import { appName } from './rpc/present.ts';
import {
  deletePendingRevocation,
  findPendingRevocation,
  listPendingRevocations,
  type PendingRevocation,
} from './store/pending-revocations.ts';

const TIMEOUT_MS = 10_000;
const BATCH = 100;

/** What is left after the broker was asked; `unknown`: it could not be asked, and will be again. */
export type RevokeOutcome = { open: Revocation[] } | 'unknown';

/**
 * Has the access of one deleted setup withdrawn, if that is still to be done; nothing is open when it is not. Never
 * throws: the deletion is done, whatever comes of this.
 */
export async function revokeAccessOf(ctx: ConfigContext, key: AppKey, call: CallContext): Promise<RevokeOutcome> {
  try {
    const pending = await findPendingRevocation(ctx.pool, key);
    return pending ? await revoke(ctx, pending, call) : { open: [] };
  } catch (err) {
    return warn(ctx, appName(key), err);
  }
}

/** Has the access of every deleted setup withdrawn of which the broker does not know yet. One pass of a loop. */
export async function revokePending(ctx: ConfigContext, signal: AbortSignal): Promise<void> {
  let afterId = 0n;
  for (;;) {
    const batch = await listPendingRevocations(ctx.pool, afterId, BATCH);
    for (const pending of batch) {
      if (signal.aborted) return;
      await revoke(ctx, pending).catch((err: unknown) => warn(ctx, appName(pending), err));
    }
    if (batch.length < BATCH) return;
    afterId = batch.at(-1)!.revocationId;
  }
}

async function revoke(ctx: ConfigContext, pending: PendingRevocation, parent?: CallContext): Promise<RevokeOutcome> {
  const { lastSetup, deleteTime } = pending;
  const request = { app: appName(pending), lastSetup, deleteTime };
  const options = parent ? within(parent) : { timeoutMs: TIMEOUT_MS };
  const { open } = await ctx.tokenBroker.revokeAppAccess(request, options);
  await deletePendingRevocation(ctx.pool, pending);
  return { open };
}

function warn({ logger }: ConfigContext, app: string, err: unknown): 'unknown' {
  const { code, reason, message } = rpcErrorOf(err);
  logger.warn({ app, code, reason, problem: message }, 'access could not be revoked: tried again');
  return 'unknown';
}
