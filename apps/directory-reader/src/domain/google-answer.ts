import type { DirectoryErrorKind } from './directory-error.ts';

/** What is known of an answer of Google that is no success. */
export type FailedAnswer = {
  /** The HTTP status; undefined: no answer came. */
  status: number | undefined;
  /** `error.errors[].reason` and `error.details[].reason` of the body. */
  reasons: string[];
};

/** Reasons that come with 403 and mean "later". Directory API guide "Limits and quotas" and "Handle errors". */
const QUOTA_REASONS = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'quotaExceeded',
  'dailyLimitExceeded',
  'RATE_LIMIT_EXCEEDED',
]);

/** Reasons that come with 403 when the API is switched off in the project. */
const DISABLED_REASONS = new Set(['accessNotConfigured', 'SERVICE_DISABLED']);

/** Says what an answer means. A 401 or 403 counts as forbidden only when the token was freshly made: ask once more first. */
export function classifyAnswer({
  status,
  reasons,
}: FailedAnswer): Exclude<DirectoryErrorKind, 'unusable' | 'no-token'> {
  if (status === undefined || status === 408 || status >= 500) return 'unavailable';
  if (isQuotaAnswer({ status, reasons })) return 'unavailable';
  if (status === 403 && reasons.some((reason) => DISABLED_REASONS.has(reason))) return 'api-disabled';
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 404 || status === 412) return 'not-found';
  return 'rejected';
}

/** Whether an answer means that too much was asked for: whoever asks for this customer must slow down. */
export function isQuotaAnswer({ status, reasons }: FailedAnswer): boolean {
  return status === 429 || (status === 403 && reasons.some((reason) => QUOTA_REASONS.has(reason)));
}

/** Reads the reasons out of Google's error body, in both of its shapes; anything else has none. */
export function reasonsOf(body: unknown): string[] {
  const error = property(body, 'error');
  const entries = [property(error, 'errors'), property(error, 'details')].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  return entries.map((entry) => property(entry, 'reason')).filter((reason) => typeof reason === 'string');
}

/** Reads Retry-After (RFC 9110 §10.2.3): seconds or a date; undefined when it is neither. In milliseconds from `now`. */
export function retryAfterMs(header: string | null | undefined, now: Date): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now.getTime());
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
