import { status } from '@grpc/grpc-js';
import { entryOf } from '@autoprov/failure-catalogue';
import type { Reason } from '@autoprov/proto';
import { RpcError } from './rpc-error.ts';

/** What can't be done while a store, or a service behind this one, does not answer. */
export type Outage = {
  /** Of the published error model: the answer holds its words. */
  reason: Reason;
  /** What could not be done, and what to do. */
  message: string;
};

const RETRY_AFTER_MS = 2_000;

/** UNAVAILABLE with the reason of what could not be done, the published words, and when to try again. */
export function outageError({ reason, message }: Outage, cause?: unknown): RpcError {
  const localizedMessage = entryOf(reason).message;
  const details = { retryAfterMs: RETRY_AFTER_MS, ...(localizedMessage !== undefined && { localizedMessage }), cause };
  return new RpcError(status.UNAVAILABLE, reason, message, details);
}

/**
 * Does it; what `isUnavailable` knows for an outage is thrown as `outageError`.
 *
 * @param isUnavailable as of `serve`
 */
export async function orUnavailable<T>(
  outage: Outage,
  isUnavailable: (err: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw isUnavailable(cause) ? outageError(outage, cause) : cause;
  }
}
