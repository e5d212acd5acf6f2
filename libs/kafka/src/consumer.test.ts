import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { kafkaForTests, numberRecord, until } from './cluster-for-tests.ts';
import { nameOnCluster } from './connect.ts';
import type { Kafka } from './connect.ts';
import { runConsumer } from './consumer.ts';
import type { ConsumedBatch } from './consumer.ts';
import { ensureTopics } from './ensure-topics.ts';
import { lagOf } from './lag.ts';
import { createPublisher } from './publisher.ts';
import { watchFetches } from './watchdog.ts';

jest.setTimeout(30_000);

const group = { groupId: 'group', topics: ['numbers'], sessionTimeoutMs: 6_000 };

test('a batch whose handler throws is not committed, crashes the consumer, and comes again', async () => {
  const kafka = await clusterWithNumbers({ partitions: 1, count: 10 });
  const crash = Promise.withResolvers<unknown>();
  const bug = new TypeError('a bug');
  let calls = 0;
  await runConsumer(kafka, {
    ...group,
    handle: async () => {
      calls++;
      throw bug;
    },
    onCrash: crash.resolve,
  });
  expect(await crash.promise).toBe(bug);
  expect(calls).toBe(1);
  expect(await lagOf(kafka, 'group', ['numbers'])).toBe(10);
  expect(await readRest(kafka)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('an ordinary Error crashes the consumer at its first call too', async () => {
  const kafka = await clusterWithNumbers({ partitions: 1, count: 1 });
  const crash = Promise.withResolvers<unknown>();
  const handle = (): Promise<void> => Promise.reject(new Error('database gone', { cause: new Error('socket') }));
  await runConsumer(kafka, { ...group, handle, onCrash: crash.resolve });
  expect(await crash.promise).toMatchObject({ message: 'database gone' });
});

test('what was handled is committed: a second consumer of the group gets only what is new', async () => {
  const kafka = await clusterWithNumbers({ partitions: 3, count: 20 });
  expect(await readRest(kafka)).toHaveLength(20);
  await publishNumbers(kafka, [20, 21]);
  expect(await lagOf(kafka, 'group', ['numbers'])).toBe(2);
  expect((await readRest(kafka)).toSorted()).toEqual(['20', '21']);
});

test('stop lets a running handler finish and commits its batch', async () => {
  const kafka = await clusterWithNumbers({ partitions: 1, count: 5 });
  const entered = Promise.withResolvers<void>();
  const mayEnd = Promise.withResolvers<void>();
  const handle = async (): Promise<void> => {
    entered.resolve();
    await mayEnd.promise;
  };
  const consumer = await runConsumer(kafka, { ...group, handle });
  await entered.promise;
  const stopped = consumer.stop();
  mayEnd.resolve();
  await stopped;
  expect(await lagOf(kafka, 'group', ['numbers'])).toBe(0);
});

test('a handler that outlasts the session keeps its partition', async () => {
  const kafka = await clusterWithNumbers({ partitions: 1, count: 5 });
  const startedMs = Date.now();
  let calls = 0;
  const handle = async (): Promise<void> => {
    calls++;
    await until(() => Date.now() - startedMs > 8_000);
  };
  const consumer = await runConsumer(kafka, { ...group, handle });
  await until(async () => (await lagOf(kafka, 'group', ['numbers'])) === 0);
  await consumer.stop();
  expect(calls).toBe(1);
});

test('two members share the partitions, and the records of a member that leaves go to the other', async () => {
  const kafka = await clusterWithNumbers({ partitions: 4, count: 0 });
  const seen: string[] = [];
  const handle = async ({ records }: ConsumedBatch): Promise<void> =>
    void seen.push(...records.map(({ value }) => String(value)));
  const [one, two] = await Promise.all([
    runConsumer(kafka, { ...group, handle }),
    runConsumer(kafka, { ...group, handle }),
  ]);
  await publishNumbers(kafka, [...Array(50).keys()]);
  await until(() => new Set(seen).size === 50);
  await one.stop();
  await publishNumbers(kafka, [50, 51, 52, 53, 54, 55]);
  await until(() => new Set(seen).size === 56);
  await two.stop();
  expect(await lagOf(kafka, 'group', ['numbers'])).toBe(0);
});

test('reads what another producer compressed with zstd', async () => {
  const kafka = await clusterWithNumbers({ partitions: 1, count: 0 });
  const producer = kafka.client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: 100 }, (_, n) => ({ key: 'k', value: String(n) }));
  const compression = kafkajs.CompressionTypes.ZSTD;
  await producer.send({ topic: nameOnCluster(kafka, 'numbers'), messages, compression });
  await producer.disconnect();
  expect(await readRest(kafka)).toHaveLength(100);
});

test('a consumer that stands still beside a living broker crashes; during an outage it waits', async () => {
  const consumer = { on: () => {}, events: { FETCH: 'consumer.fetch' } } as unknown as Parameters<
    typeof watchFetches
  >[1];
  const crashes: unknown[] = [];
  const silentPort = await closedPort();
  const down = { ...kafkaForTests(), brokers: [`127.0.0.1:${silentPort}`] };
  const stopDown = watchFetches(down, consumer, 60, () => crashes.push('during an outage'));
  const crashed = Promise.withResolvers<unknown>();
  const stopUp = watchFetches(kafkaForTests(), consumer, 300, crashed.resolve);
  expect(await crashed.promise).toMatchObject({ message: expect.stringContaining('beside a living broker') });
  expect(crashes).toEqual([]);
  stopDown();
  stopUp();
});

async function clusterWithNumbers({ partitions, count }: { partitions: number; count: number }): Promise<Kafka> {
  const kafka = kafkaForTests();
  await ensureTopics(kafka, [{ name: 'numbers', partitions, config: {} }]);
  await publishNumbers(kafka, [...Array(count).keys()]);
  return kafka;
}

async function publishNumbers(kafka: Kafka, numbers: number[]): Promise<void> {
  const publisher = await createPublisher(kafka);
  await publisher.publish(numbers.map((n) => numberRecord(`customer-${n}`, n)));
  await publisher.stop();
}

async function readRest(kafka: Kafka): Promise<string[]> {
  const values: string[] = [];
  const handle = async ({ records }: ConsumedBatch): Promise<void> =>
    void values.push(...records.map(({ value }) => String(value)));
  const consumer = await runConsumer(kafka, { ...group, handle });
  await until(async () => (await lagOf(kafka, 'group', ['numbers'])) === 0);
  await consumer.stop();
  return values;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
