import { expect, test } from '@jest/globals';
import { Pace } from './pace.ts';

const never = new AbortController().signal;

async function takeTurns(pace: Pace, count: number): Promise<number[]> {
  const atMs: number[] = [];
  const take = async () => {
    await pace.awaitTurn(never);
    atMs.push(performance.now());
  };
  await Promise.all(Array.from({ length: count }, take));
  return atMs;
}

test('turns come at the rate, also where they were asked for together', async () => {
  const startMs = performance.now();
  const atMs = await takeTurns(new Pace(50), 11);
  const lastMs = atMs.at(-1)! - startMs;
  expect(lastMs).toBeGreaterThanOrEqual(200);
  expect(lastMs).toBeLessThan(2_000);
});

test('the first waits for what was sent before, and who comes next is told how long', async () => {
  const startMs = performance.now();
  const pace = new Pace(10, { waitMs: 150 });
  await pace.awaitTurn(never);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(150);
  expect(pace.waitMs).toBeGreaterThan(0);
  expect(pace.waitMs).toBeLessThanOrEqual(100);
});

test('no more is caught up with than may be', async () => {
  const pace = new Pace(100, { mayLagMs: 30 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const startMs = performance.now();
  const atMs = await takeTurns(pace, 14);
  // Three were missed, and one is always due; the other ten come one by one.
  expect(atMs.at(-1)! - startMs).toBeGreaterThanOrEqual(99);
});

test('who gives up waiting lets the next one through', async () => {
  const pace = new Pace(1, { waitMs: 60_000 });
  const gaveUp = new AbortController();
  const turn = pace.awaitTurn(gaveUp.signal);
  gaveUp.abort();
  await expect(turn).rejects.toThrow();
  expect(pace.waitMs).toBeGreaterThan(50_000);
});
