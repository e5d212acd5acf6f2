import { rpcErrorOf, status, type CallOptions, type RpcFailure } from '@autoprov/grpc';
import { inTransaction, takeCheckSeq } from '@autoprov/postgres';
import { cutDetail } from '@autoprov/scim';
import { Secret } from '@autoprov/service';
import type { PusherContext } from '../context.ts';
import { appNameOf, type AppKey } from '../domain/model.ts';
import { addCheck } from './health.ts';
import { ScimFailureError, type ScimFailure } from './scim-failure.ts';

/**
 * A function that answers the app's Authorization header: from memory while it lasts, else from the token broker.
 * It throws ScimFailureError when the broker has none, with the broker's own code: nothing was sent then.
 */
export function authorizationOf(
  ctx: PusherContext,
  key: AppKey,
  how: CallOptions = { timeoutMs: 10_000 },
): (forceNew: boolean) => Promise<Secret> {
  const app = appNameOf(key);
  let held: { header: Secret; expireAtMs: number } | undefined;
  let asking: Promise<Secret> | undefined;
  async function ask(forceNew: boolean): Promise<Secret> {
    try {
      const answer = await ctx.tokenBroker.getAppAuthorization({ app, forceNew }, how);
      held = { header: new Secret(answer.headerValue), expireAtMs: answer.expireTime?.getTime() ?? 0 };
    } catch (err) {
      const failure = toFailure(rpcErrorOf(err));
      // That a caller did not wait says nothing of the broker.
      if (failure.broker === 'refused' || !how.parent) await noteBroker(ctx, failure);
      throw new ScimFailureError(failure);
    }
    await noteBroker(ctx);
    return held.header;
  }
  return async (forceNew) => {
    if (forceNew) return ask(true);
    if (held && held.expireAtMs > Date.now()) return held.header;
    // A pass begins with many people at once: they share one question.
    asking ??= ask(false).finally(() => (asking = undefined));
    return asking;
  };
}

function toFailure({ code, reason, message, metadata }: RpcFailure): ScimFailure {
  const detail = cutDetail(message);
  const retryable = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
  const said = metadata['code'];
  if (said !== undefined) {
    const finerReason = metadata['finer_reason'] ?? reason;
    return { code: said, reason: finerReason, retryable, detail, httpStatus: 0, broker: 'refused' };
  }
  if (!retryable) return { code: '17010', reason, retryable, detail, httpStatus: 0 };
  return { code: '17002', reason: 'TOKEN_BROKER_UNAVAILABLE', retryable, detail, httpStatus: 0, broker: 'silent' };
}

/**
 * A silent token broker is one failed check of the installation, however many apps wait for it. It is published when it
 * falls silent and when it answers again; the first answer ends what a process that died has left open.
 */
async function noteBroker(ctx: PusherContext, failure?: ScimFailure): Promise<void> {
  const isSilent = failure?.broker === 'silent';
  if (ctx.brokerSilent === isSilent) return;
  await inTransaction(ctx.pool, async (tx) => {
    const result = isSilent ? { passed: false as const, reason: failure.reason } : { passed: true as const };
    const check = { subject: 'installation', code: '17002', ...result };
    const seq = await takeCheckSeq(tx, check, ctx.now());
    if (seq !== undefined)
      await addCheck(tx, ctx, { ...check, seq, ...(isSilent && { detail: failure.detail ?? '' }) });
  });
  ctx.brokerSilent = isSilent;
}
