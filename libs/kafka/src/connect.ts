import type { ConnectionOptions } from 'node:tls';
import kafkajs from 'kafkajs';
import type { Admin, Kafka as KafkaClient } from 'kafkajs';
import { fixKafkajs } from './kafkajs-fixes.ts';
import { bridgeLogs } from './logger.ts';
import type { Logger } from './logger.ts';

/**
 * How to reach the cluster. `topicPrefix` stands before the name of every topic and consumer group, so that several
 * installations (or tests) share a cluster; callers always use the bare names.
 */
export type KafkaOptions = {
  brokers: string[];
  clientId: string;
  topicPrefix: string;
  logger: Logger;
  tls?: ConnectionOptions | undefined;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | undefined;
};

/** A cluster to publish to and consume from. Holds no connection and needs no closing. */
export type Kafka = KafkaOptions & { client: KafkaClient };

/** Names the cluster; the first publish, consumer or admin call connects. */
export function createKafka(options: KafkaOptions): Kafka {
  fixKafkajs();
  const { brokers, clientId, logger, tls, sasl } = options;
  const client = new kafkajs.Kafka({
    brokers,
    clientId,
    logCreator: bridgeLogs(logger),
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl: sasl as { mechanism: 'plain'; username: string; password: string } }),
  });
  return { ...options, client };
}

/** The name of a topic or consumer group on the cluster. */
export function nameOnCluster(kafka: Kafka, name: string): string {
  return `${kafka.topicPrefix}${name}`;
}

/** Runs `ask` with an admin connection of its own: an idle one would be closed by the broker between rare questions. */
export async function withAdmin<T>(kafka: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.client.admin({ retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 } });
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
