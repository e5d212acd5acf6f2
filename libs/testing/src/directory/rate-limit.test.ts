import { expect, test } from '@jest/globals';
import { makeRateLimit, mostWithin, takeFromRate } from './rate-limit.ts';

test('so many requests a second are answered, and those above are refused as Google refuses them', () => {
  const limit = makeRateLimit(2);
  const refusalAt = (nowMs: number) => {
    try {
      takeFromRate(limit, nowMs);
      return undefined;
    } catch (err) {
      return err;
    }
  };
  expect([refusalAt(0), refusalAt(400)]).toEqual([undefined, undefined]);
  expect(refusalAt(800)).toMatchObject({ status: 429, reason: 'rateLimitExceeded', retryAfterSeconds: 1 });
  expect(refusalAt(999)).toMatchObject({ status: 403, reason: 'userRateLimitExceeded' });
  expect(refusalAt(1000)).toBeUndefined();
  expect([limit.refused, mostWithin(limit, 1), mostWithin(limit, 0.3)]).toEqual([2, 4, 3]);
});
