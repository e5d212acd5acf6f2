import kafkajs from 'kafkajs';
import type { PartitionMetadata, Producer, RecordMetadata } from 'kafkajs';
import { nameOnCluster, withAdmin } from './connect.ts';
import type { Kafka } from './connect.ts';
import type { KafkaRecord } from './record.ts';
import { splitBySize } from './split-by-size.ts';

export type Publisher = {
  /**
   * Resolves when every record is on all in-sync replicas. When it throws, some may be there too: publish all of them
   * again, duplicates are harmless to our consumers. Await one call before the next, or order within a key is lost.
   */
  publish(records: KafkaRecord[]): Promise<void>;
  stop(): Promise<void>;
};

const metadataMaxAgeMs = 60_000;
// Java's default: murmur2 of the key over the number of partitions.
const choosePartition = kafkajs.Partitioners.DefaultPartitioner();

/** A publisher of at-least-once records. Needs no broker yet: the first publish connects. */
export async function createPublisher(kafka: Kafka): Promise<Publisher> {
  const producer = kafka.client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    metadataMaxAge: metadataMaxAgeMs,
    // kafkajs's idempotent producer reuses sequence numbers after an unclear failure, and so loses the next batch (tulios/kafkajs#1005).
    idempotent: false,
    maxInFlightRequests: 1,
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 },
  });
  const partitionsOf = cachePartitions(kafka);
  return {
    publish: (records) => publish(kafka, producer, partitionsOf, records),
    stop: () => producer.disconnect(),
  };
}

type PartitionsOf = (topic: string) => Promise<PartitionMetadata[]>;
type PlacedRecords = { topic: string; partition: number; records: KafkaRecord[] };

async function publish(kafka: Kafka, producer: Producer, partitionsOf: PartitionsOf, records: KafkaRecord[]) {
  if (records.length === 0) return;
  await producer.connect();
  const sends = (await placeRecords(partitionsOf, records)).map((placed) => sendInOrder(kafka, producer, placed));
  const failed = (await Promise.allSettled(sends)).find((send) => send.status === 'rejected');
  if (failed) throw failed.reason;
}

async function placeRecords(partitionsOf: PartitionsOf, records: KafkaRecord[]): Promise<PlacedRecords[]> {
  const placed = new Map<string, PlacedRecords>();
  for (const record of records) {
    const { topic, partitionKey } = record;
    const partitionMetadata = await partitionsOf(topic);
    const partition = choosePartition({ topic, partitionMetadata, message: { key: partitionKey, value: null } });
    const place = placed.get(`${partition} ${topic}`);
    if (place) place.records.push(record);
    else placed.set(`${partition} ${topic}`, { topic, partition, records: [record] });
  }
  return [...placed.values()];
}

/**
 * One request per partition: when a kafkajs request spans two brokers and leadership moves between them while it
 * retries, a part can be dropped and still reported as sent (tulios/kafkajs#1303). For the same reason the answer is checked.
 */
async function sendInOrder(kafka: Kafka, producer: Producer, { topic, partition, records }: PlacedRecords) {
  const topicName = nameOnCluster(kafka, topic);
  for (const part of splitBySize(records)) {
    const messages = part.map(({ key, value, headers }) => ({ key, value, headers, partition }));
    checkAnswer(await producer.send({ topic: topicName, messages, acks: -1 }), topicName, partition);
  }
}

function checkAnswer(answer: RecordMetadata[], topicName: string, partition: number): void {
  const part = answer.find((each) => each.topicName === topicName && each.partition === partition);
  if (part?.errorCode === 0) return;
  const said = part ? `error code ${part.errorCode}` : 'nothing about it';
  throw new Error(`Kafka answered ${said} for ${topicName}/${partition}: publish these records again`);
}

function cachePartitions(kafka: Kafka): PartitionsOf {
  const known = new Map<string, { partitions: PartitionMetadata[]; askedMs: number }>();
  return async (topic) => {
    const cached = known.get(topic);
    if (cached && Date.now() - cached.askedMs < metadataMaxAgeMs) return cached.partitions;
    const partitions = await fetchPartitions(kafka, nameOnCluster(kafka, topic));
    known.set(topic, { partitions, askedMs: Date.now() });
    return partitions;
  };
}

async function fetchPartitions(kafka: Kafka, topicName: string): Promise<PartitionMetadata[]> {
  try {
    const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [topicName] }));
    return topics[0]!.partitions;
  } catch (cause) {
    if ((cause as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw cause;
    throw new Error(`topic ${topicName} does not exist: call ensureTopics at start, or create it`, { cause });
  }
}
