import { headerOf } from './headers.ts';
import type { Headers } from './headers.ts';

const shortestMs = 1_000;
const longestMs = 3_600_000;

/** Unix seconds of 2001: a larger number is a time, a smaller one a number of seconds to wait. */
const firstEpochS = 1_000_000_000;

/**
 * How long a service provider asks to wait, in milliseconds, at least a second and at most an hour; undefined when
 * it does not say. Reads Retry-After as seconds or date (RFC 9110 §10.2.3), X-Retry-After, and the reset time of
 * rate-limit headers where no request is left.
 */
export function retryAfter(headers: Headers | undefined, nowMs: number): number | undefined {
  const asked = headerOf(headers, 'retry-after') ?? headerOf(headers, 'x-retry-after') ?? resetOf(headers);
  const waitMs = asked === undefined ? undefined : waitMsOf(asked.trim(), nowMs);
  return waitMs === undefined ? undefined : Math.min(Math.max(waitMs, shortestMs), longestMs);
}

/** These headers also stand on answers that were not limited. */
function resetOf(headers: Headers | undefined): string | undefined {
  for (const prefix of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    const remaining = headerOf(headers, `${prefix}-remaining`);
    const reset = headerOf(headers, `${prefix}-reset`);
    if (reset !== undefined && (remaining === undefined || Number(remaining) === 0)) return reset;
  }
  return undefined;
}

function waitMsOf(text: string, nowMs: number): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const seconds = Number(text);
    if (seconds < firstEpochS) return Math.ceil(seconds * 1000);
    return (seconds < firstEpochS * 1000 ? seconds * 1000 : seconds) - nowMs;
  }
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}
