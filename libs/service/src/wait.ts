import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms`; rejects with an AbortError as soon as `signal` is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal && { signal });
}

/**
 * How long to wait before attempt number `attempt` is repeated (the first is 0): anything between 0 and `baseMs` · 2^attempt,
 * at most `capMs`. "Full jitter": callers that failed together do not come back together.
 */
export function backoffMs(attempt: number, { baseMs, capMs }: { baseMs: number; capMs: number }): number {
  return Math.random() * Math.min(capMs, baseMs * 2 ** attempt);
}
