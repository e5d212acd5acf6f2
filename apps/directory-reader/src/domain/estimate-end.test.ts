import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { estimateEnd } from './estimate-end.ts';

const start = Date.parse('2026-01-02T03:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000);
const last = { users: 10_000, groups: 20, durationMs: 60_000 };

test('a read that keeps its pace ends when as much is read as last time', () => {
  const running = { users: 5_000, groups: 0, startTime: at(0) };
  // 10 of 40 requests took 10 s.
  expect(estimateEnd(running, last, at(10))).toEqual(at(40));
});

test('before the first answer a read takes as long as the last', () => {
  expect(estimateEnd({ users: 0, groups: 0, startTime: at(0) }, last, at(10))).toEqual(at(60));
});

test('without a complete read there is no guess', () => {
  const none = { users: 0, groups: 0, durationMs: 0 };
  expect(estimateEnd({ users: 500, groups: 0, startTime: at(0) }, none, at(10))).toBeUndefined();
});

test('the end is never in the past, however far the read is', () => {
  const count = fc.nat(1_000_000);
  fc.assert(
    fc.property(count, count, fc.nat(1_000), fc.nat(100_000), (users, groups, lastGroups, seconds) => {
      const end = estimateEnd({ users, groups, startTime: at(0) }, { ...last, groups: lastGroups }, at(seconds));
      expect(end!.getTime()).toBeGreaterThanOrEqual(at(seconds).getTime());
    }),
  );
});
