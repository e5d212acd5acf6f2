import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { orderByReference } from './order-by-reference.ts';

test('a chain of managers is as many levels, the top first', () => {
  const chain = new Map([
    ['c', ['b']],
    ['a', []],
    ['b', ['a']],
  ]);
  expect(orderByReference(chain)).toEqual([['a'], ['b'], ['c']]);
});

test('everybody comes once, circles and strangers included, and nobody before somebody they refer to but in a circle', () => {
  const id = fc.integer({ min: 0, max: 20 }).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id)), (pairs) => {
      const refersTo = new Map(pairs.map(([from, to]) => [from, [to]]));
      const levels = orderByReference(refersTo);
      expect(levels.flat().sort()).toEqual([...refersTo.keys()].sort());
      const levelOf = new Map(levels.flatMap((ids, level) => ids.map((one) => [one, level] as const)));
      for (const [from, [to]] of refersTo) {
        if (!refersTo.has(to!) || inCircle(refersTo, from)) continue;
        expect(levelOf.get(from)).toBeGreaterThan(levelOf.get(to!)!);
      }
    }),
  );
});

function inCircle(refersTo: ReadonlyMap<string, readonly string[]>, start: string): boolean {
  const seen = new Set<string>();
  for (
    let at: string | undefined = refersTo.get(start)?.[0];
    at !== undefined && !seen.has(at);
    at = refersTo.get(at)?.[0]
  ) {
    if (at === start) return true;
    seen.add(at);
  }
  return false;
}
