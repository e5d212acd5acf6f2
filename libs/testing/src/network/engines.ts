import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createKafka, ensureTopics, lagOf, topics, topicSpecs } from '@autoprov/kafka';
import type { Kafka } from '@autoprov/kafka';
import { connect } from '@autoprov/postgres';
import type { Pool } from '@autoprov/postgres';
import { createLogger } from '@autoprov/service';
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
  const infra = options.infra ?? (await startOwnInfra(options, undo));
  const isShared = options.infra !== undefined || process.env['KAFKA_BROKERS'] !== undefined;

  const logger = createLogger({ service: 'network' }, appendLog({ dir, name: 'network' }));
  const database = await openDatabase(infra.databaseUrl, { keep: keepData });
  undo.push(() => database.close());
  const pool = connect({ url: database.url, schema: 'public', applicationName: 'network', logger, max: 2 });
  undo.push(() => pool.end());
  const kafka = createKafka({
    brokers: infra.kafkaBrokers.split(','),
    clientId: 'network',
    topicPrefix: isShared ? `${randomBytes(4).toString('hex')}.` : '',
    logger,
  });
  // Few customers: more partitions only cost memory and time at the start.
  await ensureTopics(kafka, topicSpecs({ partitions: 4 }));
  // A broker's first group makes it create its own topic for offsets; the services' consumers need not wait for that.
  await lagOf(kafka, 'nobody', [topics.users]);
  return { databaseUrl: database.url, pool, kafka };
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
