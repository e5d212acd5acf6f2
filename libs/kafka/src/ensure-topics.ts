import { nameOnCluster, withAdmin } from './connect.ts';
import type { Kafka } from './connect.ts';
import type { TopicSpec } from './topics.ts';

/**
 * Creates the topics that are missing, with three replicas and min.insync.replicas=2 where the cluster has three brokers.
 * Topics that exist are left as they are: their settings are the operator's. Several services may call it at once.
 */
export async function ensureTopics(kafka: Kafka, specs: TopicSpec[]): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = specs.filter(({ name }) => !existing.has(nameOnCluster(kafka, name)));
    if (missing.length === 0) return;
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(3, brokers.length);
    const minInsync = { 'min.insync.replicas': replicationFactor === 3 ? '2' : '1' };
    const topics = missing.map(({ name, partitions, config }) => ({
      topic: nameOnCluster(kafka, name),
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries({ ...minInsync, ...config }).map(([key, value]) => ({ name: key, value })),
    }));
    await admin.createTopics({ topics }).catch(explainRefusal);
    kafka.logger.info({ topics: missing.map(({ name }) => name), replicationFactor }, 'topics created');
  });
}

function explainRefusal(cause: Error & { errors?: (Error & { topic: string })[] }): never {
  const reasons = cause.errors?.map(({ topic, message }) => `${topic}: ${message}`).join('; ') ?? cause.message;
  throw new Error(`Kafka did not create the topics (${reasons}): create them by hand or allow this user to`, { cause });
}
