import type { Pool } from '@autoprov/postgres';
import { sleep } from '@autoprov/service';
import { DirectoryError } from './domain/directory-error.ts';
import { findPauseMs, giveBack, slowDown, takeRequest } from './store/request-budgets.ts';

/** Where Google does not say for how long it wants to be left alone. Jittered, as every pause is. */
const PAUSE_MS = 1_000;

/** What may be asked of Google for one customer, by all replicas together. */
export type RequestBudget = {
  /**
   * Resolves when the next request may be sent, with when it was promised. Throws DirectoryError (unavailable) when that is
   * not within `atMostMs`, and the reason of `signal` when that is aborted.
   */
  take(signal: AbortSignal, atMostMs: number): Promise<Date>;
  /** Google refused a request for quota: all replicas slow down, and recover within minutes. */
  slowDown(takenAt: Date, retryAfterMs: number | undefined): Promise<void>;
};

/**
 * A customer's budget. Google's limit is 2,400 a minute for each user and project, and one of its own for each Workspace
 * account (Directory API, "Limits and quotas"); others of the customer's tools share them.
 *
 * @param requestsPerMinute while Google does not complain
 */
export function createRequestBudget(pool: Pool, customerId: string, requestsPerMinute: number): RequestBudget {
  return {
    async take(signal, atMostMs) {
      const startMs = performance.now();
      const { takenAt, waitMs } = await takeRequest(pool, customerId, { requestsPerMinute });
      // Somebody may have been refused while we waited.
      for (let pauseMs = waitMs; pauseMs > 0; pauseMs = await findPauseMs(pool, customerId)) {
        if (performance.now() - startMs + pauseMs > atMostMs) {
          await giveBack(pool, customerId);
          const seconds = Math.ceil(pauseMs / 1000);
          throw new DirectoryError('unavailable', `quota: Google is not asked for the next ${seconds} s`, {
            retryAfterMs: pauseMs,
          });
        }
        await sleep(pauseMs, signal).catch(() => signal.throwIfAborted());
      }
      return takenAt;
    },
    async slowDown(takenAt, retryAfterMs) {
      const pauseMs = (retryAfterMs ?? PAUSE_MS) * (1 + Math.random() / 4);
      await slowDown(pool, customerId, { requestsPerMinute, takenAt, pauseMs });
    },
  };
}
