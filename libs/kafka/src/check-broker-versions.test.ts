import { expect, test } from '@jest/globals';
import { checkBrokerVersions, findUnserved } from './check-broker-versions.ts';
import { fetchApiVersions } from './api-versions.ts';
import { kafkaForTests } from './cluster-for-tests.ts';

test('the broker of the tests serves all that we speak', async () => {
  await expect(checkBrokerVersions(kafkaForTests())).resolves.toBeUndefined();
});

test('a broker that dropped our version, or does not have it yet, or lacks the API, is named', async () => {
  const served = await fetchApiVersions(kafkaForTests().brokers[0]!, { timeoutMs: 5_000 });
  served.set(11, { min: 6, max: 9 }).set(0, { min: 3, max: 6 }).delete(19);
  expect(findUnserved(served)).toEqual([
    'Produce v7 (it has v3 to v6)',
    'JoinGroup v5 (it has v6 to v9)',
    'CreateTopics v3 (it has none)',
  ]);
});

test('no broker at all is an error that names each address and what to do', async () => {
  const kafka = { ...kafkaForTests(), brokers: ['127.0.0.1:1', 'localhost:1'] };
  await expect(checkBrokerVersions(kafka)).rejects.toThrow(/127\.0\.0\.1:1: .*localhost:1: .*correct KAFKA_BROKERS/);
});
