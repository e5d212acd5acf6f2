/**
 * Says whether one more may pass, of so many in a second.
 *
 * @param now in milliseconds, monotonic
 */
export function createTurns(perSecond: number, now: () => number = () => performance.now()): () => boolean {
  let left = perSecond;
  let since = now();
  return () => {
    const time = now();
    if (time - since >= 1_000) [left, since] = [perSecond, time];
    left -= 1;
    return left >= 0;
  };
}
