import { fileURLToPath } from 'node:url';
import { askConfig, createAuthorizer, createClient, rememberBindings, serve } from '@autoprov/grpc';
import { createKafka, createPublisher, ensureTopics, runConsumer, topics, topicSpecs } from '@autoprov/kafka';
import { checkMigrated, connect, isUnavailable, migrate, runOutboxRelay } from '@autoprov/postgres';
import { ConfigServiceClient, DirectoryServiceClient } from '@autoprov/proto';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { ReporterContext } from './context.ts';
import type { ReporterEnv } from './env.ts';
import { followSetups } from './follow-setups.ts';
import { ingestBatch } from './ingest.ts';
import { createMetrics } from './metrics.ts';
import { openWebhooks } from './open-webhooks.ts';
import { publishDueFailures } from './publish.ts';
import { failureService } from './rpc/index.ts';
import { sweep } from './sweep.ts';
import { tellOfCauses } from './tell-of-causes.ts';

const NAME = 'failure-reporter';
/** How often a replica looks for failures that another one ingested, and for addresses that are to be asked for again. */
const PUBLISH_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Each pass groups what is open by its cause. */
const TELL_EVERY_MS = 15_000;
export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));

/** Brings the schema up to date, and makes the role that the service logs in with. */
export function migrateReporter({ adminUrl }: { adminUrl: string }): Promise<string[]> {
  return migrate({ adminUrl, service: NAME, migrationsDir });
}

/** Starts the service; the one place where its parts meet. */
export async function startFailureReporter(
  env: ReporterEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
) {
  // Whatever has been started is stopped in reverse order: at the end, or at once when the rest cannot start.
  await using started = new AsyncDisposableStack();
  const until = <T>(value: T, stop: (value: T) => Promise<void> | void) =>
    started.adopt(value, async () => stop(value));

  const pool = until(connect({ url: env.databaseUrl, schema: NAME, applicationName: NAME, logger }), (it) => it.end());
  await checkMigrated(pool, migrationsDir);
  const kafka = createKafka({ ...env.kafka, clientId: NAME, logger });
  await ensureTopics(kafka, topicSpecs());
  const publisher = until(await createPublisher(kafka), (it) => it.stop());
  const relay = until(
    runOutboxRelay({ pool, name: NAME, publish: (records) => publisher.publish(records), logger }),
    (it) => it.stop(),
  );
  const directory = until(createClient(DirectoryServiceClient, { address: env.directoryAddress, tls: env.tls }), (it) =>
    it.close(),
  );
  const config = until(createClient(ConfigServiceClient, { address: env.configAddress, tls: env.tls }), (it) =>
    it.close(),
  );
  const now = createClock(env.clockOffsetMs);
  const origin = { installationId: env.installationId, service: NAME };
  const wakePublishing = (): void => publishing.wake();
  const ctx: ReporterContext = { pool, relay, directory, config, wakePublishing, origin, now, logger };

  const publish = (signal: AbortSignal) => publishDueFailures(ctx, signal);
  const publishing = until(runLoop({ name: 'publish', everyMs: PUBLISH_EVERY_MS, run: publish, logger }), (it) =>
    it.stop(),
  );
  const follow = (signal: AbortSignal) => followSetups(ctx, signal);
  until(runLoop({ name: 'follow setups', everyMs: env.setupPollMs, run: follow, logger }), (it) => it.stop());
  const clean = (signal: AbortSignal) => sweep(ctx, signal);
  until(runLoop({ name: 'sweep', everyMs: SWEEP_EVERY_MS, run: clean, logger }), (it) => it.stop());

  if (env.webhooks.file !== undefined) {
    const webhooks = openWebhooks(env.webhooks.file, env.webhooks);
    until(webhooks.agent, (it) => it.destroy());
    const run = (signal: AbortSignal) => tellOfCauses(ctx, webhooks, signal);
    until(runLoop({ name: 'tell of causes', everyMs: TELL_EVERY_MS, run, logger }), (it) => it.stop());
  }

  const countFacts = createMetrics(registry, pool, now);
  const consumer = await runConsumer(kafka, {
    groupId: NAME,
    topics: [topics.outcomes, topics.checks],
    sessionTimeoutMs: env.kafkaSessionTimeoutMs,
    handle: async (batch) => {
      countFacts(batch.topic, await ingestBatch(ctx, batch));
      publishing.wake();
    },
  });
  until(consumer, (it) => it.stop());

  const { address, tls, reflection, metricsAddress, identityProvider } = env;
  const services = [failureService(ctx)];
  const authorizer = createAuthorizer({ identityProvider, bindingsOf: rememberBindings(askConfig(config)) });
  const options = { address, tls, services, authorizer, reflection, isUnavailable, logger, registry };
  const server = until(await serve(options), (it) => it.stop());
  const ready = () => pool.query('select 1').then(() => true);
  const metrics = until(await startMetricsServer({ address: metricsAddress, registry, ready }), (it) => it.stop());

  const running = started.move();
  return { port: server.port, metricsPort: metrics.port, stop: () => running.disposeAsync() };
}
