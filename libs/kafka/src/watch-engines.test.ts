import { expect, test } from '@jest/globals';
import { readCloudEvent } from './cloud-event.ts';
import { kafkaForTests } from './cluster-for-tests.ts';
import type { KafkaRecord } from './record.ts';
import { createEngineWatch } from './watch-engines.ts';

/** A watch whose engines can be taken away; `pass` answers the checks that it published. */
function startWatch({ toleratedMs = 0 } = {}) {
  const kafka = kafkaForTests();
  const brokers = [...kafka.brokers];
  const published: KafkaRecord[] = [];
  const engines = { postgres: true, kafka: true };
  const run = createEngineWatch({
    kafka,
    publisher: { publish: async (records) => void published.push(...records) },
    askPostgres: async () => {
      if (!engines.postgres) throw new Error('nobody answers');
    },
    origin: { installationId: 'test', service: 'directory-reader' },
    logger: kafka.logger,
    toleratedMs,
  });
  const pass = async () => {
    published.length = 0;
    // Port 1 is nobody's: connections to it are refused.
    kafka.brokers = engines.kafka ? brokers : ['127.0.0.1:1'];
    await run();
    return published.map(({ value }) => readCloudEvent('check', value!));
  };
  return { engines, pass };
}

const passed = { subject: 'installation', code: '50006', passed: true };

test('the first pass says that all is well, which ends what a dead process left open, and the next says nothing', async () => {
  const { pass } = startWatch();
  expect(await pass()).toMatchObject([passed]);
  expect(await pass()).toEqual([]);
});

test('a PostgreSQL that is silent for too long is 50006 at once, and over with its first answer', async () => {
  const { engines, pass } = startWatch();
  await pass();
  engines.postgres = false;
  expect(await pass()).toMatchObject([{ ...passed, passed: false, reason: 'POSTGRES_UNAVAILABLE' }]);
  expect(await pass()).toEqual([]);
  engines.postgres = true;
  expect(await pass()).toMatchObject([passed]);
});

test('a silent Kafka is told of once it answers, with the time at which its silence began, and seq grows', async () => {
  const { engines, pass } = startWatch();
  const [first] = await pass();
  engines.kafka = false;
  const before = new Date();
  expect(await pass()).toEqual([]);
  const after = new Date();
  engines.kafka = true;
  const [failed, over] = await pass();
  expect(failed).toMatchObject({ ...passed, passed: false, reason: 'KAFKA_UNAVAILABLE' });
  expect(failed!.occurTime!.getTime()).toBeGreaterThanOrEqual(before.getTime());
  expect(failed!.occurTime!.getTime()).toBeLessThanOrEqual(after.getTime());
  expect(over).toMatchObject(passed);
  expect(first!.seq < failed!.seq && failed!.seq < over!.seq).toBe(true);
});

test('a silence that retries bridge is no failure', async () => {
  const { engines, pass } = startWatch({ toleratedMs: 60_000 });
  await pass();
  engines.postgres = false;
  expect(await pass()).toEqual([]);
  engines.postgres = true;
  expect(await pass()).toEqual([]);
});
