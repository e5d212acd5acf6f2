import { GoogleError } from './google-error.ts';

/** A quota, and what came under it. */
export type RateLimit = {
  perSecond: number;
  /** When each request came, refused ones included, in milliseconds, in order. */
  arrivedAtMs: number[];
  /** When those came that were answered, within the last second. */
  answeredAtMs: number[];
  refused: number;
};

/** A quota that nobody has used yet. */
export function makeRateLimit(perSecond: number): RateLimit {
  return { perSecond, arrivedAtMs: [], answeredAtMs: [], refused: 0 };
}

/**
 * Counts a request, and throws Google's refusal when the last second had its fill: in turn 429 and one of the 403 that mean
 * the same (Directory API, "Limits and quotas").
 */
export function takeFromRate(limit: RateLimit, nowMs: number): void {
  limit.arrivedAtMs.push(nowMs);
  limit.answeredAtMs = limit.answeredAtMs.filter((atMs) => atMs > nowMs - 1000);
  if (limit.answeredAtMs.length < limit.perSecond) {
    limit.answeredAtMs.push(nowMs);
    return;
  }
  limit.refused++;
  if (limit.refused % 2 === 1) throw new GoogleError(429, 'rateLimitExceeded', 'Rate Limit Exceeded', 1);
  throw new GoogleError(403, 'userRateLimitExceeded', 'User Rate Limit Exceeded');
}

/** The most requests that came within any stretch of so many seconds. */
export function mostWithin({ arrivedAtMs }: RateLimit, seconds: number): number {
  let first = 0;
  let most = 0;
  for (const [last, atMs] of arrivedAtMs.entries()) {
    while (arrivedAtMs[first]! <= atMs - seconds * 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
