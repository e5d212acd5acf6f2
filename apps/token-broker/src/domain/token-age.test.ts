import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isGood } from './token-age.ts';

const now = new Date('2026-01-01T12:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);
const ages = fc.record({ ageMs: fc.nat(7_200_000), leftMs: fc.integer({ min: -3_600_000, max: 7_200_000 }) });

test('what is handed out has not ended, and lasts for 5 minutes or half of its life', () => {
  fc.assert(
    fc.property(ages, ({ ageMs, leftMs }) => {
      if (!isGood({ makeTime: at(-ageMs), expireTime: at(leftMs) }, false, now)) return;
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs > 300_000 || leftMs > ageMs).toBe(true);
    }),
  );
});

test('a new token is good, however short its life, so that nobody renews without end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400_000 }), fc.boolean(), (lifeMs, forceNew) => {
      expect(isGood({ makeTime: now, expireTime: at(lifeMs) }, forceNew, now)).toBe(true);
    }),
  );
});

test('a forced renewal renews whatever is older than 5 seconds, also what never ends', () => {
  const oldEnough = fc.integer({ min: 5_000, max: 86_400_000 });
  fc.assert(
    fc.property(oldEnough, fc.option(fc.nat(7_200_000)), (ageMs, leftMs) => {
      const expireTime = leftMs === null ? null : at(leftMs);
      expect(isGood({ makeTime: at(-ageMs), expireTime }, true, now)).toBe(false);
    }),
  );
});

test('what has no known end is good until it is refused', () => {
  expect(isGood({ makeTime: at(-86_400_000 * 365), expireTime: null }, false, now)).toBe(true);
});

test('what is good early is good to its end', () => {
  fc.assert(
    fc.property(ages, ({ ageMs, leftMs }) => {
      const token = { makeTime: at(-ageMs), expireTime: at(leftMs) };
      if (isGood(token, false, now)) expect(isGood(token, false, now, 'to its end')).toBe(true);
    }),
  );
});
