import { expect, jest, test } from '@jest/globals';
import { kafkaForTests, until } from './cluster-for-tests.ts';

test('an idle connection arms no timers', async () => {
  const producer = kafkaForTests().client.producer();
  await producer.connect();
  const setTimeoutSpy = jest.spyOn(globalThis, 'setTimeout');
  const startedMs = performance.now();
  await until(() => performance.now() - startedMs > 200);
  // kafkajs 2.2.4 as published arms one each millisecond.
  expect(setTimeoutSpy.mock.calls.length).toBeLessThan(5);
  await producer.disconnect();
});
