import { setTimeout as delay } from 'node:timers/promises';
import { createKafka, createPublisher, ensureTopics, lagOf, runConsumer } from '@autoprov/kafka';
import type { ConsumedBatch, KafkaRecord } from '@autoprov/kafka';
import { startKafka } from './kafka.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const topic = 'numbers';

/** What became of the numbers that were published while the broker was killed. */
export type KillReport = {
  acknowledged: number;
  lost: number[];
  /** Keys whose numbers were first seen in another order than they were published in. */
  disorderedKeys: string[];
  duplicates: number;
  /** From each SIGKILL to the broker's next answer. */
  restartMs: number[];
};

/**
 * Publishes and consumes without pause while the broker is killed with SIGKILL and started again on the same folder
 * and port, then drains and compares. Takes about ten seconds a kill.
 */
export async function publishThroughKills({ dir, kills }: { dir: string; kills: number }): Promise<KillReport> {
  let broker = await startKafka({ dir });
  const port = Number(broker.brokers.split(':')[1]);
  const kafka = createKafka({ brokers: [broker.brokers], clientId: 'kills', topicPrefix: '', logger: silent });
  await ensureTopics(kafka, [{ name: topic, partitions: 4, config: {} }]);
  const seen: { key: string; n: number }[] = [];
  const handle = async ({ records }: ConsumedBatch): Promise<void> => {
    for (const { key, value } of records) seen.push({ key, n: Number(value) });
  };
  const consumer = await runConsumer(kafka, { groupId: 'kills', topics: [topic], handle, sessionTimeoutMs: 6_000 });
  const publishing = publishUntilStopped(kafka);
  const restartMs: number[] = [];
  for (let i = 0; i < kills; i++) {
    const goal = publishing.acknowledged() + 2_000 + Math.random() * 2_000; // so that each kill meets requests under way
    while (publishing.acknowledged() < goal) await delay(1);
    const killedMs = performance.now();
    broker.kill();
    broker = await startKafka({ dir, port });
    restartMs.push(Math.round(performance.now() - killedMs));
  }
  const acknowledged = await publishing.stop();
  while ((await lagOf(kafka, 'kills', [topic])) > 0) await delay(50);
  await consumer.stop();
  await broker.stop();
  return { ...compare(acknowledged, seen), restartMs };
}

// As the outbox relay does: the same records again until they are acknowledged.
function publishUntilStopped(kafka: Parameters<typeof createPublisher>[0]) {
  let running = true;
  let acknowledged = 0;
  const loop = async (): Promise<void> => {
    const publisher = await createPublisher(kafka);
    while (running) {
      const records = Array.from({ length: 20 }, (_, i) => numberRecord(acknowledged + i));
      while (!(await isPublished(() => publisher.publish(records))));
      acknowledged += records.length;
    }
    await publisher.stop();
  };
  const done = loop();
  const stop = async (): Promise<number> => {
    running = false;
    await done;
    return acknowledged;
  };
  return { acknowledged: () => acknowledged, stop };
}

async function isPublished(publish: () => Promise<void>): Promise<boolean> {
  try {
    await publish();
    return true;
  } catch {
    return false;
  }
}

function numberRecord(n: number): KafkaRecord {
  const key = `customer-${n % 10}`;
  return { topic, partitionKey: key, key, value: Buffer.from(String(n)), headers: {} };
}

function compare(acknowledged: number, seen: { key: string; n: number }[]): Omit<KillReport, 'restartMs'> {
  const firstSeen = new Set<number>();
  const highest = new Map<string, number>();
  const disordered = new Set<string>();
  for (const { key, n } of seen) {
    if (firstSeen.has(n)) continue;
    firstSeen.add(n);
    if (n < (highest.get(key) ?? -1)) disordered.add(key);
    highest.set(key, n);
  }
  const lost = [...Array(acknowledged).keys()].filter((n) => !firstSeen.has(n));
  return { acknowledged, lost, disorderedKeys: [...disordered], duplicates: seen.length - firstSeen.size };
}
