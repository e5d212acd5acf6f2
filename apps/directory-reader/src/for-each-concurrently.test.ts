import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { forEachConcurrently } from './for-each-concurrently.ts';

test('every item is worked on once, never more than so many at a time', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++running);
    await turn();
    running--;
    done.push(item);
  });
  expect(new Set(done)).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(done).toHaveLength(5);
  expect(most).toBe(2);
});

test('after a failure none is begun, and what is under way ends before it is thrown', async () => {
  const ended: number[] = [];
  const work = forEachConcurrently([1, 2, 3, 4], 2, async (item) => {
    if (item === 1) throw new Error('one failed');
    await turn();
    ended.push(item);
  });
  await expect(work).rejects.toThrow('one failed');
  expect(ended).toEqual([2]);
});
