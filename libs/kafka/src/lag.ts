import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { nameOnCluster, withAdmin } from './connect.ts';
import type { Kafka } from './connect.ts';

const ATTEMPTS = 20;
const WAIT_MS = 250;

/** Records in these topics that the group has not committed yet; 0 means it has handled all that was published. */
export async function lagOf(kafka: Kafka, groupId: string, topics: string[]): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askForLag(kafka, groupId, topics);
    } catch (err) {
      // A new topic's partitions get their leaders a moment after it is made. kafkajs gives up at once.
      const isPassing = err instanceof kafkajs.KafkaJSProtocolError && err.retriable;
      if (!isPassing || attempt === ATTEMPTS) throw err;
      await delay(WAIT_MS);
    }
  }
}

function askForLag(kafka: Kafka, groupId: string, topics: string[]): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const names = topics.map((topic) => nameOnCluster(kafka, topic));
    const committed = await admin.fetchOffsets({ groupId: nameOnCluster(kafka, groupId), topics: names });
    let lag = 0;
    for (const { topic, partitions } of committed) {
      const next = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        // -1 when nothing was committed yet, and possibly below `low` when retention went on without the group.
        lag += Number(high) - Math.max(Number(low), next.get(partition) ?? -1);
      }
    }
    return lag;
  });
}
