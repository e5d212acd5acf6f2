/** How often a customer's directory may be read by itself, in milliseconds. */
export type PollBounds = {
  /** Before anything is known of the directory. */
  usualMs: number;
  minMs: number;
  maxMs: number;
};

/** What a whole read showed of how often the next ones pay. */
export type ReadYield = {
  /** Between the last read and this one; undefined: this was the first. */
  previousMs: number | undefined;
  /** Whether the directory had changed. */
  changed: boolean;
  /** Requests that the read took. */
  requests: number;
  /** What the customer's budget allows now. */
  requestsPerMinute: number;
};

/** Reads of changes that happen by themselves take no more of a customer's budget than this. */
const BUDGET_SHARE = 0.25;
const QUIET_GROWTH = 1.25;

/**
 * How long to wait before the next read, in milliseconds: half as long as before when the directory has changed, a quarter
 * longer when it is quiet, and so long that reading takes no more than its share of the budget. The bounds hold in any case.
 */
export function nextPollInterval(
  { previousMs, changed, requests, requestsPerMinute }: ReadYield,
  { usualMs, minMs, maxMs }: PollBounds,
): number {
  const affordableMs = (requests / (requestsPerMinute * BUDGET_SHARE)) * 60_000;
  const wantedMs =
    previousMs === undefined ? usualMs : changed ? Math.min(previousMs, usualMs) / 2 : previousMs * QUIET_GROWTH;
  return Math.round(Math.min(maxMs, Math.max(minMs, wantedMs, affordableMs)));
}
