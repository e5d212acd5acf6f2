import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextPollInterval, type PollBounds, type ReadYield } from './poll-interval.ts';

const MINUTE = 60_000;
const bounds: PollBounds = { usualMs: 5 * MINUTE, minMs: MINUTE, maxMs: 10 * MINUTE };
const cheap = { requests: 220, requestsPerMinute: 1_200 };
const first: ReadYield = { ...cheap, previousMs: undefined, changed: true };

/** The intervals after one read after another, in minutes. */
function follow(changes: boolean[], start = first): number[] {
  let previousMs = nextPollInterval(start, bounds);
  return changes.map((changed) => {
    previousMs = nextPollInterval({ ...start, previousMs, changed }, bounds);
    return Number((previousMs / MINUTE).toFixed(4));
  });
}

test('after the first read, which finds everything new, the usual time passes', () => {
  expect(nextPollInterval(first, bounds)).toBe(5 * MINUTE);
});

test('changes bring the next read forward, down to the minimum; quiet puts it off, up to the maximum', () => {
  expect(follow([true, true, true, true])).toEqual([2.5, 1.25, 1, 1]);
  expect(follow([false, false, false, false])).toEqual([6.25, 7.8125, 9.7656, 10]);
  // One change after a quiet night counts from the usual time.
  expect(follow([false, false, false, false, true]).at(-1)).toBe(2.5);
});

test('a directory that costs much is not read more often than a quarter of the budget pays for', () => {
  const dear = { ...first, requests: 1_200, previousMs: MINUTE };
  expect(nextPollInterval(dear, bounds)).toBe(4 * MINUTE);
  // Google has refused: the budget is a quarter of what it was.
  expect(nextPollInterval({ ...first, previousMs: MINUTE, requestsPerMinute: 100 }, bounds)).toBe(8.8 * MINUTE);
});

const anyBounds = fc
  .tuple(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(1_000_000))
  .map(([a, b, c]) => [a, b, c].sort((x, y) => x - y))
  .map(([minMs, usualMs, maxMs]) => ({ minMs: minMs!, usualMs: usualMs!, maxMs: maxMs! }));
const anyRead = fc.record({
  previousMs: fc.option(fc.nat(10_000_000), { nil: undefined }),
  changed: fc.boolean(),
  requests: fc.nat(100_000),
  requestsPerMinute: fc.double({ min: 0.1, max: 100_000, noNaN: true }),
});

test('whatever a read showed, the next is within the bounds, and not the later for a change or for a larger budget', () => {
  fc.assert(
    fc.property(anyBounds, anyRead, (some, read) => {
      const ms = nextPollInterval(read, some);
      expect(ms).toBeGreaterThanOrEqual(some.minMs);
      expect(ms).toBeLessThanOrEqual(some.maxMs);
      expect(Number.isInteger(ms)).toBe(true);
      const withChange = nextPollInterval({ ...read, changed: true }, some);
      expect(withChange).toBeLessThanOrEqual(nextPollInterval({ ...read, changed: false }, some));
      const richer = nextPollInterval({ ...read, requestsPerMinute: read.requestsPerMinute * 2 }, some);
      expect(richer).toBeLessThanOrEqual(ms);
    }),
  );
});
