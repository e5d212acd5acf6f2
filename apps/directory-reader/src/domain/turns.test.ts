import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTurns } from './turns.ts';

test('no more than so many pass in a second, and as many again in the next', () => {
  let time = 0;
  const takeTurn = createTurns(3, () => time);
  const pass = () => Array.from({ length: 5 }, takeTurn);
  expect(pass()).toEqual([true, true, true, false, false]);
  time = 999;
  expect(pass()).toEqual([false, false, false, false, false]);
  time = 1_000;
  expect(pass()).toEqual([true, true, true, false, false]);
});

test('whenever they come, whoever waits a second passes, and no second has more than twice as many', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(600), { maxLength: 60 }), (pauses) => {
      let time = 0;
      const takeTurn = createTurns(4, () => time);
      const passed: number[] = [];
      for (const pause of pauses) {
        time += pause;
        if (takeTurn()) passed.push(time);
      }
      for (const at of passed)
        expect(passed.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(8);
      time += 1_000;
      expect(takeTurn()).toBe(true);
    }),
  );
});
