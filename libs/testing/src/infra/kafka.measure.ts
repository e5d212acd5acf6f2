// The figures of docs/adr/0001-kafka.md: node --conditions=@autoprov/source libs/testing/src/infra/kafka.measure.ts [heapMb] [kills]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka, createPublisher, ensureTopics, lagOf, runConsumer } from '@autoprov/kafka';
import { publishThroughKills } from './kafka-kills.ts';
import { startKafka } from './kafka.ts';

const heapMb = Number(process.argv[2] ?? 256);
const kills = Number(process.argv[3] ?? 10);
const records = 100_000;
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const dir = mkdtempSync(join(tmpdir(), 'autoprov-kafka-'));

const [newFolderMs, first] = await timed(() => startKafka({ dir, heapMb }));
const [stopMs] = await timed(() => first.stop());
const [restartMs, broker] = await timed(() => startKafka({ dir, heapMb }));
console.log({ heapMb, newFolderMs, stopMs, restartMs, rssIdleMb: rssMb(broker.pid) });

const kafka = createKafka({ brokers: [broker.brokers], clientId: 'measure', topicPrefix: '', logger: silent });
await ensureTopics(kafka, [{ name: 'load', partitions: 12, config: {} }]);
const publisher = await createPublisher(kafka);
const [publishMs] = await timed(async () => {
  for (let n = 0; n < records; n += 1_000) await publisher.publish(loadRecords(n, 1_000));
});
await publisher.stop();
const [consumeMs] = await timed(async () => {
  const consumer = await runConsumer(kafka, { groupId: 'load', topics: ['load'], handle: async () => {} });
  while ((await lagOf(kafka, 'load', ['load'])) > 0);
  await consumer.stop();
});
console.log({
  publishedPerSecond: Math.round((records / publishMs) * 1_000),
  consumedPerSecond: Math.round((records / consumeMs) * 1_000),
  rssLoadedMb: rssMb(broker.pid),
});
await broker.stop();

const report = await publishThroughKills({ dir: join(dir, 'kills'), kills });
console.log({ ...report, kills });
rmSync(dir, { recursive: true, force: true });

function loadRecords(start: number, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const key = `customer-${(start + i) % 50}`;
    return { topic: 'load', partitionKey: key, key, value: Buffer.alloc(500, 'x'), headers: {} };
  });
}

async function timed<T>(run: () => Promise<T>): Promise<[ms: number, result: T]> {
  const startedMs = performance.now();
  const result = await run();
  return [Math.round(performance.now() - startedMs), result];
}

function rssMb(pid: number): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
}
