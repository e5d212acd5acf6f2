import { readFileSync } from 'node:fs';
import { ConfigServiceClient, DirectoryServiceClient, TokenBrokerServiceClient } from '@autoprov/proto';
import { askConfig, createAuthorizer, createClient, rememberBindings, serve } from '@autoprov/grpc';
import { checkBrokerVersions, createKafka, createPublisher, runConsumer, topics, watchEngines } from '@autoprov/kafka';
import { checkMigrated, connect, runOutboxRelay } from '@autoprov/postgres';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { PusherContext } from './context.ts';
import type { PusherEnv } from './env.ts';
import { followSetups } from './follow-setups.ts';
import { forgetHistory } from './forget-history.ts';
import { ingestBatch } from './ingest.ts';
import { createOutboundAgent } from '@autoprov/outbound';
import { addMetrics } from './metrics.ts';
import { pushService } from './rpc/index.ts';
import { credentialWatchMs, watchCredentials } from './watch-credentials.ts';
import { createWorker } from './work.ts';

export const migrationsDir = new URL('../migrations', import.meta.url).pathname;

/** How often replicas look for work that nobody announced to them: timers, retries, apps of replicas that died. */
const workPollMs = 1_000;
const forgetEveryMs = 3_600_000;

/** Starts the service; the one place where its parts meet. */
export async function startScimPusher(
  env: PusherEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
) {
  const pool = connect({
    url: env.databaseUrl,
    schema: 'scim_pusher',
    applicationName: 'scim-pusher',
    logger,
    max: 20,
  });
  await checkMigrated(pool, migrationsDir);
  const kafka = createKafka({ ...env.kafka, clientId: 'scim-pusher', logger });
  await checkBrokerVersions(kafka);
  const publisher = await createPublisher(kafka);
  const outbox = runOutboxRelay({
    pool,
    name: 'scim-pusher',
    publish: (records) => publisher.publish(records),
    logger,
  });
  const ca = env.sp.caFile === undefined ? undefined : readFileSync(env.sp.caFile, 'utf8');
  const spAgent = createOutboundAgent({
    allowedHosts: env.sp.allowedHosts,
    timeoutMs: env.push.httpTimeoutMs,
    ...(ca !== undefined && { ca }),
  });
  const clients = {
    config: createClient(ConfigServiceClient, { address: env.peers.config, tls: env.tls }),
    tokenBroker: createClient(TokenBrokerServiceClient, { address: env.peers.tokenBroker, tls: env.tls }),
    directory: createClient(DirectoryServiceClient, { address: env.peers.directory, tls: env.tls }),
  };
  const ctx: PusherContext = {
    pool,
    ...clients,
    spAgent,
    spAllowedHosts: env.sp.allowedHosts,
    refusedHeaders: new Map(),
    confirmAgainAtMs: new Map(),
    brokerSilent: undefined,
    origin: { installationId: env.installationId, service: 'scim-pusher' },
    logger,
    now: createClock(env.clockOffsetMs),
    wakeOutbox: () => outbox.wake(),
    wakeWorkers: () => working.wake(),
    settings: env.push,
  };
  const worker = createWorker(ctx);
  const working = runLoop({ name: 'work', everyMs: workPollMs, run: () => worker.pass(), logger });
  const following = runLoop({ name: 'follow setups', everyMs: env.setupPollMs, run: () => followSetups(ctx), logger });
  const watching = runLoop({
    name: 'watch credentials',
    everyMs: credentialWatchMs,
    run: () => watchCredentials(ctx),
    logger,
  });
  const forgetting = runLoop({
    name: 'forget history',
    everyMs: forgetEveryMs,
    run: () => forgetHistory(ctx),
    logger,
  });
  const askPostgres = () => pool.query('select 1');
  const watchingEngines = watchEngines({ kafka, publisher, askPostgres, origin: ctx.origin, logger });
  const consumer = await runConsumer(kafka, {
    groupId: 'scim-pusher',
    topics: [topics.users],
    sessionTimeoutMs: env.kafkaSessionTimeoutMs,
    handle: (batch) => ingestBatch(ctx, batch),
  });
  const { address, tls, reflection, identityProvider } = env;
  const server = await serve({
    address,
    tls,
    reflection,
    services: [pushService(ctx)],
    authorizer: createAuthorizer({ identityProvider, bindingsOf: rememberBindings(askConfig(clients.config)) }),
    logger,
    registry,
  });
  addMetrics(registry, pool);
  const ready = () => askPostgres().then(() => true);
  const metrics = await startMetricsServer({ address: env.metricsAddress, registry, ready });
  return {
    port: server.port,
    async stop() {
      await server.stop();
      await consumer.stop();
      const loops = [following, watching, forgetting, watchingEngines, working];
      await Promise.all(loops.map((loop) => loop.stop()));
      await worker.stop();
      await outbox.stop();
      await publisher.stop();
      for (const client of Object.values(clients)) client.close();
      await metrics.stop();
      await spAgent.close();
      await pool.end();
    },
  };
}
