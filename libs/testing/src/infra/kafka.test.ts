import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { publishThroughKills } from './kafka-kills.ts';
import { startKafka } from './kafka.ts';
import { MissingPrerequisiteError } from './missing-prerequisite-error.ts';

jest.setTimeout(120_000);
const dir = mkdtempSync(join(tmpdir(), 'autoprov-kafka-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('no acknowledged record is lost, and no key loses its order, when the broker is killed twice', async () => {
  const report = await publishThroughKills({ dir: join(dir, 'kills'), kills: 2 });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report).toMatchObject({ lost: [], disorderedKeys: [] });
});

test('a broker that an earlier run left behind is replaced, not joined or tripped over', async () => {
  const leftover = await startKafka({ dir: join(dir, 'leftover') });
  const broker = await startKafka({ dir: join(dir, 'leftover') });
  expect(() => process.kill(leftover.pid, 0)).toThrow(/ESRCH/);
  await broker.stop();
});

test('a missing prerequisite is one sentence that tells what to do', async () => {
  const broker = await startKafka({ dir: join(dir, 'busy') });
  const port = Number(broker.brokers.split(':')[1]);
  await expect(startKafka({ dir: join(dir, 'second'), port })).rejects.toThrow(
    new MissingPrerequisiteError(`port ${port} on 127.0.0.1 is busy: stop what listens there or give Kafka another`),
  );
  await broker.stop();
  const { JAVA_HOME } = process.env;
  process.env['JAVA_HOME'] = join(dir, 'no-java-here');
  await expect(startKafka({ dir: join(dir, 'second') })).rejects.toThrow(/install a Java 17 runtime.*KAFKA_BROKERS/);
  if (JAVA_HOME) process.env['JAVA_HOME'] = JAVA_HOME;
  else delete process.env['JAVA_HOME'];
});
