import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
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
    await admin.createTopics({ topics, waitForLeaders: false }).catch(explainRefusal);
    await waitForLeaders(
      admin,
      topics.map(({ topic }) => topic),
    );
    kafka.logger.info({ topics: missing.map(({ name }) => name), replicationFactor }, 'topics created');
  });
}

const LEADER_TIMEOUT_MS = 30_000;
const LEADER_CHECK_MS = 50;

/**
 * Brokers learn of a new topic a moment after it was created. kafkajs waits for its leaders too, but takes a broker that has
 * not heard of the topic yet for one that never will.
 */
async function waitForLeaders(admin: Admin, names: string[]): Promise<void> {
  const deadlineMs = performance.now() + LEADER_TIMEOUT_MS;
  for (;;) {
    const answer = await admin.fetchTopicMetadata({ topics: names }).catch((cause: unknown) => ({ cause }));
    if ('topics' in answer && answer.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)))
      return;
    if (performance.now() > deadlineMs) {
      throw new Error(`the topics ${names.join(', ')} were created and have no leader: check the brokers`, {
        cause: answer,
      });
    }
    await delay(LEADER_CHECK_MS);
  }
}

function explainRefusal(cause: Error & { errors?: (Error & { topic: string })[] }): never {
  const reasons = cause.errors?.map(({ topic, message }) => `${topic}: ${message}`).join('; ') ?? cause.message;
  throw new Error(`Kafka did not create the topics (${reasons}): create them by hand or allow this user to`, { cause });
}
