import { fileURLToPath } from 'node:url';
import { serve } from '@autoprov/grpc';
import { checkBrokerVersions, createKafka, createPublisher } from '@autoprov/kafka';
import { checkMigrated, connect, isUnavailable, runOutboxRelay } from '@autoprov/postgres';
import { createClock, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { BrokerContext } from './context.ts';
import { createDirectoryTokens } from './directory-tokens.ts';
import { createSealer } from './domain/sealing.ts';
import type { BrokerEnv } from './env.ts';
import { tokenBrokerService } from './rpc/index.ts';

const name = 'token-broker';

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));

/** Starts the service; the one place where its parts meet. */
export async function startTokenBroker(
  env: BrokerEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
) {
  const sealer = createSealer(env.sealingKeys);
  const pool = connect({ url: env.databaseUrl, schema: name, applicationName: name, logger });
  await checkMigrated(pool, migrationsDir);
  const kafka = createKafka({ ...env.kafka, clientId: name, logger });
  await checkBrokerVersions(kafka);
  const publisher = await createPublisher(kafka);
  const outbox = runOutboxRelay({ pool, name, publish: (records) => publisher.publish(records), logger });
  const ctx: BrokerContext = {
    pool,
    sealer,
    tokens: createDirectoryTokens(env.googleTokenUrl),
    origin: { installationId: env.installationId, service: name },
    now: createClock(env.clockOffsetMs),
    wakeOutbox: () => outbox.wake(),
  };
  const { address, tls, reflection } = env;
  const services = [tokenBrokerService(ctx)];
  const server = await serve({ address, tls, reflection, services, isUnavailable, logger, registry });
  const ready = () => pool.query('select 1').then(() => true);
  const metrics = await startMetricsServer({ address: env.metricsAddress, registry, ready });
  return {
    port: server.port,
    async stop() {
      await server.stop();
      await outbox.stop();
      await publisher.stop();
      await metrics.stop();
      await pool.end();
    },
  };
}
