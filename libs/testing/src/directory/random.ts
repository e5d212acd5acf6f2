/** Random choices that are the same for the same seed. */
export type Random = {
  /** From 0 to below `end`. */
  integer: (end: number) => number;
  pick: <T>(from: readonly T[]) => T;
  /** Picks with that weight each. */
  weighted: <T>(from: readonly T[], weight: (item: T) => number) => T;
  chance: (probability: number) => boolean;
  /** So many decimal digits. */
  digits: (count: number) => string;
};

/** Seeded choices (the mulberry32 generator: good enough for example people, not for secrets). */
export function makeRandom(seed: number): Random {
  let state = seed;
  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const integer = (end: number) => Math.floor(fraction() * end);
  return {
    integer,
    pick: (from) => from[integer(from.length)]!,
    weighted(from, weight) {
      let left = fraction() * from.reduce((sum, item) => sum + weight(item), 0);
      return from.find((item) => (left -= weight(item)) < 0) ?? from.at(-1)!;
    },
    chance: (probability) => fraction() < probability,
    digits: (count) => Array.from({ length: count }, () => integer(10)).join(''),
  };
}
