import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createKafka, ensureTopics, lagOf, topics, topicSpecs } from '@autoprov/kafka';
import type { Kafka } from '@autoprov/kafka';
import { connect, isUnavailable } from '@autoprov/postgres';
import type { Pool } from '@autoprov/postgres';
import { createLogger } from '@autoprov/service';
import { MissingPrerequisiteError } from '../infra/missing-prerequisite-error.ts';
import { killLeftover } from '../infra/stop-child.ts';
import { startInfra } from '../infra/with-infra.ts';
import type { Infra } from '../infra/with-infra.ts';
import { openDatabase } from './database.ts';
import type { NetworkOptions, Undo } from './network.ts';
import { appendLog } from './spawn-logged.ts';

const STEP = 'PostgreSQL and Kafka';

/** What a network keeps its data in, all its own: a database, and topics by a prefix. */
export type Engines = { databaseUrl: string; pool: Pool; kafka: Kafka };

/** Starts PostgreSQL and Kafka unless they are given, and makes database and topics in them. */
export async function openEngines(options: NetworkOptions, undo: Undo): Promise<Engines> {
  const { dir, keepData = false, onProgress = () => {} } = options;
  onProgress(STEP);
  const { databaseUrl, kafkaBrokers } = options.infra ?? (await startOwnInfra(options, undo));
  const logger = createLogger({ service: 'network' }, appendLog({ dir, name: 'network' }));
  const database = await openDatabase(databaseUrl, { keep: keepData }).catch((err: unknown) => {
    if (!isUnavailable(err)) throw err;
    throw lacking(`PostgreSQL does not answer at ${new URL(databaseUrl).host}`, 'DATABASE_URL');
  });
  undo.push(() => database.close());
  const pool = connect({ url: database.url, schema: 'public', applicationName: 'network', logger, max: 2 });
  undo.push(() => pool.end());
  const brokers = kafkaBrokers.split(',');
  const kafka = createKafka({ brokers, clientId: 'network', topicPrefix: chooseTopicPrefix(options), logger });
  await makeTopics(kafka);
  return { databaseUrl: database.url, pool, kafka };
}

async function makeTopics(kafka: Kafka): Promise<void> {
  // Few customers: more partitions only cost memory and time at the start.
  await ensureTopics(kafka, topicSpecs({ partitions: 4 })).catch((err: Error) => {
    throw lacking(`Kafka at ${kafka.brokers.join(',')} makes no topics (${err.message})`, 'KAFKA_BROKERS');
  });
  // A broker's first group makes it create its own topic for offsets; the services' consumers need not wait for that.
  await lagOf(kafka, 'nobody', [topics.users]);
}

function lacking(what: string, variable: string): MissingPrerequisiteError {
  return new MissingPrerequisiteError(`${what}: correct ${variable}, or unset it to have one started`);
}

/** On a cluster of others our topics must not be taken for those of an installation that people rely on. */
function chooseTopicPrefix({ infra, keepData }: NetworkOptions): string {
  if (!infra && !process.env['KAFKA_BROKERS']) return '';
  return keepData ? 'local.' : `${randomBytes(4).toString('hex')}.`;
}

async function startOwnInfra({ dir, keepData, onProgress }: NetworkOptions, undo: Undo): Promise<Infra> {
  if (!keepData) {
    const kafkaDir = join(dir, 'kafka');
    await killLeftover(join(kafkaDir, 'kafka.pid'), kafkaDir);
    rmSync(join(kafkaDir, 'data'), { recursive: true, force: true });
  }
  const infra = await startInfra({ dir, onProgress: (detail) => onProgress?.(STEP, detail) });
  undo.push(() => infra.stop());
  return infra;
}
