import { rpcErrorOf, type CallOptions } from '@autoprov/grpc';
import { cutDetail } from '@autoprov/scim';
import { Secret } from '@autoprov/service';
import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { ScimFailureError, type ScimFailure } from './scim-client.ts';

/**
 * A function that answers the app's Authorization header: from memory while it lasts, else from the token broker.
 * It throws ScimFailureError when the broker has none, with the broker's own code: nothing was sent then.
 */
export function authorizationOf(
  ctx: PusherContext,
  { customerId, appId }: AppKey,
  how: CallOptions = { timeoutMs: 10_000 },
): (forceNew: boolean) => Promise<Secret> {
  const app = `customers/${customerId}/apps/${appId}`;
  let held: { header: Secret; expireAtMs: number } | undefined;
  let asking: Promise<Secret> | undefined;
  async function ask(forceNew: boolean): Promise<Secret> {
    try {
      const answer = await ctx.tokenBroker.getAppAuthorization({ app, forceNew }, how);
      held = { header: new Secret(answer.headerValue), expireAtMs: answer.expireTime?.getTime() ?? 0 };
      return held.header;
    } catch (err) {
      throw new ScimFailureError(brokerFailure(err));
    }
  }
  return async (forceNew) => {
    if (forceNew) return ask(true);
    if (held && held.expireAtMs > Date.now()) return held.header;
    // A pass begins with many people at once: they share one question.
    asking ??= ask(false).finally(() => (asking = undefined));
    return asking;
  };
}

/** Status codes (grpc/grpc doc/statuscodes.md) that say "not now". */
const unavailable = 14;
const deadlineExceeded = 4;

function brokerFailure(err: unknown): ScimFailure {
  const { code, reason, message, metadata } = rpcErrorOf(err);
  const retryable = code === unavailable || code === deadlineExceeded;
  const fallback = retryable ? '17002' : '17010';
  const finerReason = metadata['finer_reason'] ?? reason;
  const said = metadata['code'];
  return {
    code: said ?? fallback,
    reason: finerReason,
    retryable,
    detail: cutDetail(message),
    httpStatus: 0,
    ...(said === undefined && retryable && { broker: 'silent' as const }),
    ...(said !== undefined && { broker: 'refused' as const }),
  };
}
