import kafkajs from 'kafkajs';
import type { Consumer, EachBatchPayload, IHeaders } from 'kafkajs';
import { nameOnCluster } from './connect.ts';
import type { Kafka } from './connect.ts';
import { watchFetches } from './watchdog.ts';

/** Records of one partition, in order. `offset` grows along the partition; a null value is a tombstone. */
export type ConsumedBatch = {
  topic: string;
  partition: number;
  records: {
    key: string;
    value: Buffer | null;
    headers: Record<string, string>;
    offset: string;
    timestampMs: number;
  }[];
};

export type ConsumerOptions = {
  groupId: string;
  topics: string[];
  /**
   * Called with the batches of a partition one after the other, of up to four partitions at once. Returning commits the
   * batch; throwing crashes the consumer, and the batch comes again to whoever consumes next. Keep it to one short
   * database transaction: a partition waits for it.
   */
  handle(batch: ConsumedBatch): Promise<void>;
  /** Told once why the consumer ended by itself. By default the process logs it and exits with 1, to be started anew. */
  onCrash?: (err: unknown) => void;
  /** How long a group waits for a member that fell silent before it hands its partitions to others. */
  sessionTimeoutMs?: number;
  /** How long a consumer may fetch nothing beside a living broker before it counts as crashed. */
  watchdogMs?: number;
};

/** A consumer that has joined its group. `stop` lets running handlers finish and commits them. */
export type RunningConsumer = { stop(): Promise<void> };

/** Consumes topics at least once, a new group from their beginning. Resolves when the group is joined. */
export async function runConsumer(kafka: Kafka, options: ConsumerOptions): Promise<RunningConsumer> {
  const { groupId, topics, sessionTimeoutMs = 30_000, watchdogMs = 180_000 } = options;
  const heartbeatIntervalMs = Math.floor(sessionTimeoutMs / 6);
  const consumer = kafka.client.consumer({
    groupId: nameOnCluster(kafka, groupId),
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: heartbeatIntervalMs,
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    maxBytes: 4 << 20,
    maxBytesPerPartition: 1 << 20,
    // Bounds how long stop() waits for an idle fetch.
    maxWaitTimeInMs: 500,
    retry: { initialRetryTime: 200, maxRetryTime: 10_000, retries: 20 },
  });
  const crash = endOnce(kafka, options);
  const stopWatchdog = watchFetches(kafka, consumer, watchdogMs, crash);
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (restart) return; // an outage: kafkajs goes on by itself
    stopWatchdog();
    crash(error.cause ?? error);
  });
  const stop = async (): Promise<void> => {
    stopWatchdog();
    await consumer.disconnect();
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map((topic) => nameOnCluster(kafka, topic)), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: commitWhenHandled(kafka, consumer, options, heartbeatIntervalMs),
    });
  } catch (err) {
    await stop();
    throw err;
  }
  return { stop };
}

function endOnce(kafka: Kafka, { groupId, onCrash }: ConsumerOptions): (err: unknown) => void {
  let ended = false;
  return (err) => {
    if (ended) return;
    ended = true;
    if (onCrash) return onCrash(err);
    // kafkajs leaves the process alive and consuming nothing; a new process resumes at the last committed offset.
    kafka.logger.error({ err, groupId }, 'consumer crashed, ending the process');
    process.exit(1);
  };
}

function commitWhenHandled(kafka: Kafka, consumer: Consumer, options: ConsumerOptions, heartbeatIntervalMs: number) {
  let generation = 0;
  consumer.on(consumer.events.GROUP_JOIN, () => void generation++);

  return async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    const startedIn = generation;
    // kafkajs beats between batches only. A lost group shows at its own next beat, so this one may fail.
    const beating = setInterval(() => void payload.heartbeat().catch(() => {}), heartbeatIntervalMs);
    try {
      await options.handle(toConsumedBatch(kafka, batch));
    } catch (cause) {
      // Non-retriable, or kafkajs would call the handler again and again in this process.
      throw Object.assign(new kafkajs.KafkaJSNonRetriableError('the handler of a batch failed'), { cause });
    } finally {
      clearInterval(beating);
    }
    // The partition may be another member's by now, who may be further on: committing would set the group back.
    if (generation !== startedIn) return;
    const { topic, partition } = batch;
    const offset = String(BigInt(batch.lastOffset()) + 1n);
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    payload.resolveOffset(batch.lastOffset());
  };
}

function toConsumedBatch(kafka: Kafka, { topic, partition, messages }: EachBatchPayload['batch']): ConsumedBatch {
  const records = messages.map(({ key, value, headers, offset, timestamp }) => ({
    key: key?.toString() ?? '',
    value,
    // Read only where somebody asks for them: most handlers never do.
    get headers() {
      return readHeaders(headers);
    },
    offset,
    timestampMs: Number(timestamp),
  }));
  return { topic: topic.slice(kafka.topicPrefix.length), partition, records };
}

// A header may be repeated; ours never are, and of a stranger's the first counts.
function readHeaders(headers: IHeaders | undefined): Record<string, string> {
  const pairs = Object.entries(headers ?? {}).map(([name, value]) => [name, String([value].flat()[0] ?? '')]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
