import { expect, jest, test } from '@jest/globals';
import { kafkaForTests } from './cluster-for-tests.ts';
import { nameOnCluster, withAdmin } from './connect.ts';
import { ensureTopics } from './ensure-topics.ts';
import { topics, topicSpecs } from './topics.ts';

jest.setTimeout(30_000);

test('makes the four topics once, however many services start at the same time', async () => {
  const kafka = kafkaForTests();
  await Promise.all([1, 2, 3].map(() => ensureTopics(kafka, topicSpecs({ partitions: 3 }))));
  const names = Object.values(topics).map((name) => nameOnCluster(kafka, name));
  const { topics: made } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: names }));
  expect(made.map(({ partitions }) => partitions.length)).toEqual([3, 3, 3, 3]);
});

test('leaves a topic that exists as it is', async () => {
  const kafka = kafkaForTests();
  await ensureTopics(kafka, [{ name: 'kept', partitions: 2, config: {} }]);
  await ensureTopics(kafka, [{ name: 'kept', partitions: 5, config: { 'cleanup.policy': 'compact' } }]);
  const { topics: made } = await withAdmin(kafka, (admin) =>
    admin.fetchTopicMetadata({ topics: [nameOnCluster(kafka, 'kept')] }),
  );
  expect(made[0]?.partitions).toHaveLength(2);
});

test('a topic that the cluster refuses is named, with the reason', async () => {
  const kafka = kafkaForTests();
  const odd = { name: 'odd', partitions: 1, config: { 'cleanup.policy': 'sometimes' } };
  await expect(ensureTopics(kafka, [odd])).rejects.toThrow(/odd: .*configuration is invalid.*create them by hand/i);
});

test('failures are compacted, facts are deleted by age', async () => {
  const kafka = kafkaForTests();
  await ensureTopics(kafka, topicSpecs({ partitions: 1 }));
  expect(await configOf(topics.failures, 'cleanup.policy')).toBe('compact');
  expect(await configOf(topics.outcomes, 'cleanup.policy')).toBe('delete');
  expect(await configOf(topics.outcomes, 'retention.ms')).toBe(String(14 * 86_400_000));
  expect(await configOf(topics.users, 'retention.ms')).toBe(String(7 * 86_400_000));

  async function configOf(topic: string, configName: string): Promise<string | undefined> {
    const resource = { type: 2, name: nameOnCluster(kafka, topic), configNames: [configName] };
    const { resources } = await withAdmin(kafka, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [resource] }),
    );
    return resources[0]?.configEntries[0]?.configValue;
  }
});
