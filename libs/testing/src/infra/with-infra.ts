import { join } from 'node:path';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';

/** The engines that services and tests run on, ours or the operator's. `stop` ends only those started here. */
export type Infra = { databaseUrl: string; kafkaBrokers: string; stop(): Promise<void> };

/**
 * Starts PostgreSQL and Kafka side by side, with their data in `dir`.
 * Where DATABASE_URL or KAFKA_BROKERS is set, that server is used and none is started.
 */
export async function startInfra(options: { dir: string; onProgress?: (line: string) => void }): Promise<Infra> {
  const { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers } = process.env;
  const { dir, onProgress = () => {} } = options;
  const [postgres, kafka] = await Promise.allSettled([
    databaseUrl ? { url: databaseUrl, stop: keepRunning } : startPostgres({ dir: join(dir, 'postgres') }),
    kafkaBrokers ? { brokers: kafkaBrokers, stop: keepRunning } : startKafka({ dir: join(dir, 'kafka'), onProgress }),
  ]);
  if (postgres.status === 'fulfilled' && kafka.status === 'fulfilled') {
    const stop = async (): Promise<void> => void (await Promise.all([postgres.value.stop(), kafka.value.stop()]));
    return { databaseUrl: postgres.value.url, kafkaBrokers: kafka.value.brokers, stop };
  }
  for (const start of [postgres, kafka]) if (start.status === 'fulfilled') await start.value.stop();
  throw [postgres, kafka].find((start) => start.status === 'rejected')?.reason;
}

async function keepRunning(): Promise<void> {}
