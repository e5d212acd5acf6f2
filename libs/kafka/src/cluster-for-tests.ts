import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createKafka } from './connect.ts';
import type { Kafka } from './connect.ts';
import type { KafkaRecord } from './record.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** The cluster of the test run, with topics and groups of its own for each call. */
export function kafkaForTests(): Kafka {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
  const topicPrefix = `test-${randomUUID()}.`;
  return createKafka({ brokers: brokers.split(','), clientId: 'test', topicPrefix, logger: silent });
}

/** A record of the topic "numbers" whose key is its partitionKey. */
export function numberRecord(partitionKey: string, n: number): KafkaRecord {
  return {
    topic: 'numbers',
    partitionKey,
    key: partitionKey,
    value: Buffer.from(String(n)),
    headers: { n: String(n) },
  };
}

/** Resolves when the condition holds; asks every 20 ms and gives up after 30 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`still not so after 30 s: ${holds.toString()}`);
    await delay(20);
  }
}
