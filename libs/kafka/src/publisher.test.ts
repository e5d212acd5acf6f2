import { expect, jest, test } from '@jest/globals';
import { kafkaForTests, numberRecord, until } from './cluster-for-tests.ts';
import { nameOnCluster } from './connect.ts';
import type { Kafka } from './connect.ts';
import { runConsumer } from './consumer.ts';
import type { ConsumedBatch } from './consumer.ts';
import { ensureTopics } from './ensure-topics.ts';
import { lagOf } from './lag.ts';
import { createPublisher } from './publisher.ts';
import type { KafkaRecord } from './record.ts';

jest.setTimeout(30_000);

test('records of one partitionKey keep their order, over many requests and keys', async () => {
  const records = Array.from({ length: 4_000 }, (_, n) => numberRecord(`customer-${n % 7}`, n));
  const kafka = await clusterWithNumbers(5);
  await publishAll(kafka, records.slice(0, 3_000), records.slice(3_000));
  const numbersByKey = new Map<string, number[]>();
  for (const { key, value } of (await readAll(kafka)).flatMap((batch) => batch.records)) {
    numbersByKey.set(key, [...(numbersByKey.get(key) ?? []), Number(value)]);
  }
  expect(numbersByKey.size).toBe(7);
  for (const numbers of numbersByKey.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect([...numbersByKey.values()].flat()).toHaveLength(4_000);
});

test('key, value, headers and tombstones arrive as they were published', async () => {
  const kafka = await clusterWithNumbers(1);
  const full = {
    ...numberRecord('c1', 1),
    key: 'c1/ü',
    value: Buffer.from([0, 255, 10]),
    headers: { ce_id: 'ä', b: '' },
  };
  await publishAll(kafka, [full, { ...numberRecord('c1', 2), value: null, headers: {} }]);
  const [first, second] = (await readAll(kafka)).flatMap((batch) => batch.records);
  expect(first).toMatchObject({ key: 'c1/ü', value: Buffer.from([0, 255, 10]), headers: { ce_id: 'ä', b: '' } });
  expect(second).toMatchObject({ key: 'c1', value: null, headers: {} });
  expect(Math.abs(first!.timestampMs - Date.now())).toBeLessThan(60_000);
});

test('a key goes to the partition that Java clients choose', async () => {
  const kafka = await clusterWithNumbers(12);
  await publishAll(kafka, [numberRecord('21', 1), numberRecord('foobar', 2)]);
  const places = (await readAll(kafka)).map(({ partition, records }) => [records[0]?.key, partition]);
  // Kafka's UtilsTest: murmur2("21") = -973932308, murmur2("foobar") = -790332482; both & 0x7fffffff, modulo 12
  expect(Object.fromEntries(places)).toEqual({ '21': 1173551340 % 12, foobar: 1357151166 % 12 });
});

test('more than the broker takes in one request is published all the same', async () => {
  const kafka = await clusterWithNumbers(1);
  const value = Buffer.alloc(300_000, 'x');
  await publishAll(
    kafka,
    Array.from({ length: 8 }, (_, n) => ({ ...numberRecord('c1', n), value })),
  );
  expect((await readAll(kafka)).flatMap((batch) => batch.records)).toHaveLength(8);
});

test('a record that no broker takes is an error, never a loss', async () => {
  const kafka = await clusterWithNumbers(1);
  await expect(publishAll(kafka, [{ ...numberRecord('c1', 1), value: Buffer.alloc(2_000_000) }])).rejects.toThrow(
    /larger than the max message size/,
  );
});

test('an answer that does not vouch for the partition is an error', async () => {
  const kafka = await clusterWithNumbers(1);
  const answers: object[][] = [[], [{ topicName: nameOnCluster(kafka, 'numbers'), partition: 0, errorCode: 6 }]];
  const producer = { connect: async () => {}, send: async () => answers.shift(), disconnect: async () => {} };
  const client = Object.assign(Object.create(kafka.client), { producer: () => producer }) as Kafka['client'];
  const lying = { ...kafka, client };
  await expect(publishAll(lying, [numberRecord('c1', 1)])).rejects.toThrow(/nothing about it .* publish these records/);
  await expect(publishAll(lying, [numberRecord('c1', 1)])).rejects.toThrow(/error code 6 .* publish these records/);
});

test('publishing to a topic that does not exist says what to do', async () => {
  await expect(publishAll(kafkaForTests(), [numberRecord('c1', 1)])).rejects.toThrow(
    /does not exist: call ensureTopics/,
  );
});

async function clusterWithNumbers(partitions: number): Promise<Kafka> {
  const kafka = kafkaForTests();
  await ensureTopics(kafka, [{ name: 'numbers', partitions, config: {} }]);
  return kafka;
}

async function publishAll(kafka: Kafka, ...calls: KafkaRecord[][]): Promise<void> {
  const publisher = await createPublisher(kafka);
  try {
    for (const records of calls) await publisher.publish(records);
  } finally {
    await publisher.stop();
  }
}

async function readAll(kafka: Kafka): Promise<ConsumedBatch[]> {
  const batches: ConsumedBatch[] = [];
  const handle = async (batch: ConsumedBatch): Promise<void> => void batches.push(batch);
  const consumer = await runConsumer(kafka, { groupId: 'reader', topics: ['numbers'], handle });
  await until(async () => (await lagOf(kafka, 'reader', ['numbers'])) === 0);
  await consumer.stop();
  return batches;
}
