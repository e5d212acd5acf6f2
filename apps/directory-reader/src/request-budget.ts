import { sleep } from '@autoprov/service';

/** What may be asked of Google for one customer. */
export type RequestBudget = {
  /** Resolves when the next request may be sent. Rejects when `signal` is aborted. */
  take(signal: AbortSignal): Promise<void>;
};

/**
 * A bucket of one minute's requests that refills steadily: a read may begin with a burst. Google's limit is 2,400 a
 * minute for each customer and project (Admin SDK, "Limits and quotas"); others of the customer's tools share it.
 *
 * @param now in milliseconds, monotonic
 */
export function createRequestBudget(
  requestsPerMinute: number,
  now: () => number = () => performance.now(),
): RequestBudget {
  const perMs = requestsPerMinute / 60_000;
  let left = requestsPerMinute;
  let countedAt = now();
  return {
    async take(signal) {
      const time = now();
      left = Math.min(requestsPerMinute, left + (time - countedAt) * perMs) - 1;
      countedAt = time;
      // Taken before waiting: whoever comes next waits behind us.
      if (left < 0) await sleep(-left / perMs, signal);
    },
  };
}
