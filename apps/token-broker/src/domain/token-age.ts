/** A token is renewed so long before its end, so that a header can be held for 5 minutes. */
const MARGIN_MS = 300_000;
/** A forced renewal of a token younger than this gives that token: many who were refused come at once. */
const FORCED_AT_MOST_EVERY_MS = 5_000;
/** What a request needs at least. */
const LAST_MS = 10_000;

/** When a token was made, and when it ends; null: not known, so it is good until it is refused. */
export type TokenAge = { makeTime: Date; expireTime: Date | null };

/**
 * Whether a token can be handed out as it is. Of short-lived ones the first half can.
 *
 * @param until `early`: it is not about to end; `to its end`: it is good now
 */
export function isGood(
  { makeTime, expireTime }: TokenAge,
  forceNew: boolean,
  now: Date,
  until: 'early' | 'to its end' = 'early',
): boolean {
  const ageMs = now.getTime() - makeTime.getTime();
  const leftMs = expireTime === null ? Infinity : expireTime.getTime() - now.getTime();
  const marginMs = Math.min(until === 'early' ? MARGIN_MS : LAST_MS, (ageMs + leftMs) / 2);
  return leftMs > marginMs && (!forceNew || ageMs < FORCED_AT_MOST_EVERY_MS);
}
