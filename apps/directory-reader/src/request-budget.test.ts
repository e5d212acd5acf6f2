import { expect, test } from '@jest/globals';
import { createRequestBudget } from './request-budget.ts';

test('a minute’s requests may go at once, and then one waits for its share of a minute', async () => {
  let nowMs = 0;
  const budget = createRequestBudget(60, () => nowMs);
  const signal = new AbortController().signal;
  for (let i = 0; i < 60; i++) await budget.take(signal);
  const waiting = new AbortController();
  const next = budget.take(waiting.signal);
  waiting.abort();
  await expect(next).rejects.toThrow();
  nowMs = 2_000; // two more have come in, and one was owed
  await budget.take(signal);
});
