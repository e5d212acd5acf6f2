import { afterEach, expect, test } from '@jest/globals';
import { backoffMs, createLogger, runLoop } from './index.ts';
import type { Loop, LoopOptions } from './index.ts';

const HOUR_MS = 3_600_000;
const lines: string[] = [];
const logger = createLogger({ service: 'test' }, { write: (line) => void lines.push(line) });
let loop: Loop;

function startLoop(options: Partial<LoopOptions> & Pick<LoopOptions, 'run'>): void {
  lines.length = 0;
  loop = runLoop({ name: 'test', everyMs: HOUR_MS, logger, ...options });
}

afterEach(() => loop.stop());

test('the first pass runs at once, and idle waits for it', async () => {
  let passes = 0;
  startLoop({ run: async () => void (await tick(), (passes += 1)) });
  await loop.idle();
  expect(passes).toBe(1);
});

test('a pass follows the other, every everyMs', async () => {
  const passes = countUp(4);
  startLoop({ everyMs: 5, run: async () => passes.add() });
  await passes.reached;
});

test('passes never overlap, and all wakes during a pass make one more', async () => {
  let passes = 0;
  let running = 0;
  startLoop({
    run: async () => {
      expect((running += 1)).toBe(1);
      passes += 1;
      await tick();
      running -= 1;
    },
  });
  await Promise.resolve(); // the first pass is running now
  for (let i = 0; i < 3; i++) loop.wake();
  await loop.idle();
  expect(passes).toBe(2);
  loop.wake();
  await loop.idle();
  expect(passes).toBe(3);
});

test('after a failed pass the loop logs and goes on with back-off', async () => {
  const passes = countUp(3);
  startLoop({
    everyMs: 1,
    run: async () => {
      passes.add();
      if (passes.count < 3) throw new Error('database gone');
    },
  });
  await passes.reached;
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { msg: 'loop pass failed', loop: 'test', failures: 1, err: { message: 'database gone' } },
    { failures: 2 },
  ]);
});

test('a pass that wakes itself and fails does not spin', async () => {
  let passes = 0;
  startLoop({
    run: async () => {
      passes += 1;
      loop.wake();
      throw new Error('again');
    },
  });
  await loop.idle();
  expect(passes).toBe(1);
});

test('a wake during the back-off runs at once, and success ends the back-off', async () => {
  const failures: number[] = [];
  let fail = true;
  startLoop({
    run: async () => {
      if (fail) throw new Error('down');
    },
    onError: (_, count) => failures.push(count),
  });
  await loop.idle();
  loop.wake();
  await loop.idle();
  fail = false;
  loop.wake();
  await loop.idle();
  fail = true;
  loop.wake();
  await loop.idle();
  expect(failures).toEqual([1, 2, 1]);
});

test('stop tells the running pass, waits for it, and no pass follows', async () => {
  let passes = 0;
  let finished = false;
  startLoop({
    run: async (signal) => {
      passes += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await tick();
      finished = true;
    },
  });
  await Promise.resolve(); // the pass is running now
  loop.wake();
  await loop.stop();
  expect([passes, finished]).toEqual([1, true]);
  loop.wake();
  await loop.idle();
  expect(passes).toBe(1);
});

test('a loop that is stopped before its first pass makes none', async () => {
  let passes = 0;
  startLoop({ run: async () => void (passes += 1) });
  await loop.stop();
  expect(passes).toBe(0);
});

test('the back-off is spread over 0 to base · 2^attempt and capped', () => {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const ms = backoffMs(attempt, { baseMs: 100, capMs: 5_000 });
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThanOrEqual(Math.min(5_000, 100 * 2 ** attempt));
  }
  expect(new Set(Array.from({ length: 20 }, () => backoffMs(9, { baseMs: 100, capMs: 5_000 }))).size).toBeGreaterThan(
    10,
  );
});

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function countUp(goal: number) {
  let reach!: () => void;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return {
    count: 0,
    reached,
    add() {
      this.count += 1;
      if (this.count === goal) reach();
    },
  };
}
