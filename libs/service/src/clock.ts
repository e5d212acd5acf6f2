/** Gives the time as services see it: the machine's, shifted. */
export type Clock = () => Date;

/** A clock that is `offsetMs` ahead of the machine's (CLOCK_OFFSET_MS: tests look into the future with it). */
export function createClock(offsetMs = 0): Clock {
  return () => new Date(Date.now() + offsetMs);
}
