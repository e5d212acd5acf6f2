import { expect, test } from '@jest/globals';
import { measureIsolation, type Isolation } from './isolation.fixture.ts';

const hung = Array<'hangs'>(20).fill('hangs');
let measured: Isolation;

test('service providers that hang, or answer 500 only, take no place of others', async () => {
  measured = await measureIsolation({
    processes: 2,
    quietApps: 4,
    busyApps: 2,
    troubled: [...hung, 'fails'],
    requestsPerSecond: 25,
    seconds: 12,
  });
  expect(measured.pushed).toBeGreaterThan(20);
  expect(measured.p95Ms).toBeLessThan(5_000);
}, 120_000);

test('processes that take turns at an app send no more than its rate together', () => {
  expect(measured.busyPerSecond).toBeGreaterThan(5);
  expect(measured.mostInTenSeconds).toBeLessThanOrEqual(275);
  expect(measured.mostInSecond).toBeLessThanOrEqual(30);
});
