import { fileURLToPath } from 'node:url';
import { askConfig, createAuthorizer, createClient, rememberBindings, serve } from '@autoprov/grpc';
import {
  checkBrokerVersions,
  createKafka,
  createPublisher,
  watchEngines,
  type Kafka,
  type Publisher,
} from '@autoprov/kafka';
import { checkMigrated, connect, isUnavailable, runOutboxRelay } from '@autoprov/postgres';
import { ConfigServiceClient, TokenBrokerServiceClient } from '@autoprov/proto';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { ReaderContext } from './context.ts';
import type { ReaderEnv } from './env.ts';
import { createSetupFollower } from './follow-setups.ts';
import { createRequestBudget } from './request-budget.ts';
import { directoryService } from './rpc/index.ts';
import { runReads } from './run-reads.ts';
import { watchUsers } from './watch/watch-users.ts';

const SERVICE = 'directory-reader';

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Starts the service; the one place where its parts meet.
 *
 * @param overrides for tests: where records go instead of Kafka
 */
export async function startDirectoryReader(
  env: ReaderEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
  overrides: { publisher?: Publisher } = {},
) {
  const pool = connect({ url: env.databaseUrl, schema: SERVICE, applicationName: SERVICE, logger, max: 20 });
  await checkMigrated(pool, migrationsDir);
  const kafka = createKafka({ ...env.kafka, clientId: SERVICE, logger });
  const publisher = overrides.publisher ?? (await connectPublisher(kafka));
  const outbox = runOutboxRelay({ pool, name: SERVICE, publish: (records) => publisher.publish(records), logger });
  const clients = {
    config: createClient(ConfigServiceClient, { address: env.peers.config, tls: env.tls }),
    tokenBroker: createClient(TokenBrokerServiceClient, { address: env.peers.tokenBroker, tls: env.tls }),
  };
  const context: ReaderContext = {
    pool,
    logger,
    now: createClock(env.clockOffsetMs),
    ...clients,
    outbox,
    origin: { installationId: env.installationId, service: SERVICE },
    configSilenceMs: env.configSilenceMs,
    historyKeptMs: env.historyKeptMs,
    poll: env.poll,
    retryBudgetMs: env.google.retryBudgetMs,
    googleRootUrl: env.google.rootUrl,
    requestsPerMinute: env.google.requestsPerMinute,
    budgetOf: (customerId) => createRequestBudget(pool, customerId, env.google.requestsPerMinute),
    wakeReads: () => reads.wake(),
  };
  const reads = runReads(context);
  const following = runLoop({
    name: 'follow setups',
    everyMs: env.setupPollMs,
    run: createSetupFollower(context),
    logger,
  });
  const askPostgres = () => pool.query('select 1');
  const watchingEngines = watchEngines({ kafka, publisher, askPostgres, origin: context.origin, logger });
  const watching = env.watch && (await watchUsers(context, env.watch, registry));
  const { address, tls, reflection, identityProvider } = env;
  const services = [directoryService(context)];
  const authorizer = createAuthorizer({ identityProvider, bindingsOf: rememberBindings(askConfig(clients.config)) });
  const server = await serve({ address, tls, reflection, services, authorizer, isUnavailable, logger, registry });
  const ready = () => askPostgres().then(() => true);
  const metrics = await startMetricsServer({ address: env.metricsAddress, registry, ready });
  return {
    port: server.port,
    /** Of the hook for notifications; undefined: there is none. */
    watchPort: watching?.port,
    /** Resolves once all that was announced is published. */
    outboxDrained: () => outbox.drained(),
    async stop() {
      await server.stop();
      await watching?.stop();
      await following.stop();
      await watchingEngines.stop();
      await reads.stop();
      await outbox.stop();
      await publisher.stop();
      for (const client of Object.values(clients)) client.close();
      await metrics.stop();
      await pool.end();
    },
  };
}

async function connectPublisher(kafka: Kafka): Promise<Publisher> {
  await checkBrokerVersions(kafka);
  return createPublisher(kafka);
}
