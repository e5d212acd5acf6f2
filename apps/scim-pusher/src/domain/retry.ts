const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Waits before the retries of a push that can succeed by itself; the last repeats (docs/retries). */
const retryableWaitsMs = [5 * minuteMs, 30 * minuteMs, 2 * hourMs, 6 * hourMs, 12 * hourMs, dayMs];

/**
 * When a failed push is tried again although nothing changed: soon and slower when it can succeed by itself, once a day
 * when somebody must change something first. A change of the person, the mapping or the setup tries at once.
 *
 * @param attempt 1 for the first failure
 */
export function nextAttempt(attempt: number, retryable: boolean, now: Date): Date {
  const waitMs = retryable ? retryableWaitsMs[Math.min(attempt, retryableWaitsMs.length) - 1]! : dayMs;
  return new Date(now.getTime() + waitMs);
}

/** When a service provider that is down or refuses us is probed again: 1 to 15 times the base, doubling. */
export function nextProbe(attempt: number, baseMs: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(baseMs * 2 ** (attempt - 1), 15 * baseMs));
}
