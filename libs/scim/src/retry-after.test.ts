import { expect, test } from '@jest/globals';
import { retryAfter } from './index.ts';
import type { Headers } from './index.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');

const cases: [Headers | undefined, number | undefined][] = [
  [{ 'Retry-After': '120' }, 120_000],
  [{ 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
  [{ 'X-Retry-After': '10' }, 10_000],
  [{ 'retry-after': ['5', '9'] }, 5_000],
  [{ 'retry-after': '0' }, 1_000],
  [{ 'retry-after': 'Mon, 23 Nov 2020 12:00:00 GMT' }, 1_000],
  [{ 'retry-after': '99999' }, 3_600_000],
  [{ 'ratelimit-reset': '7', 'ratelimit-remaining': '0' }, 7_000],
  [{ 'x-ratelimit-reset': String(nowMs / 1000 + 60), 'x-ratelimit-remaining': '0' }, 60_000],
  [{ 'x-ratelimit-reset': String(nowMs / 1000 + 60), 'x-ratelimit-remaining': '4990' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{}, undefined],
  [undefined, undefined],
];

test.each(cases)('%j asks to wait %s ms', (headers, waitMs) => {
  expect(retryAfter(headers, nowMs)).toBe(waitMs);
});
