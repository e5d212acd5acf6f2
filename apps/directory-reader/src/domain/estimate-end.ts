/** Users that one request lists; a group takes one request at least. */
const USERS_PER_REQUEST = 500;

/** How far a read is, or how long one was. */
export type ReadLength = { users: number; groups: number };

/**
 * When a read will have ended, by what the last complete read needed and by the pace of this one; before its first
 * answer, by the duration of the last. Undefined without a complete read to go by.
 */
export function estimateEnd(
  running: ReadLength & { startTime: Date },
  last: ReadLength & { durationMs: number },
  now: Date,
): Date | undefined {
  const whole = requestsOf(last);
  if (whole === 0) return undefined;
  const startMs = running.startTime.getTime();
  const done = requestsOf(running);
  const lengthMs = done === 0 ? last.durationMs : ((now.getTime() - startMs) * Math.max(whole, done)) / done;
  return new Date(Math.max(startMs + lengthMs, now.getTime()));
}

/** In requests: of users and groups alike, that is what takes the time. */
function requestsOf({ users, groups }: ReadLength): number {
  return users / USERS_PER_REQUEST + groups;
}
