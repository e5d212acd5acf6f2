import { fileURLToPath } from 'node:url';
import { askConfig, createAuthorizer, createClient, rememberBindings, serve } from '@autoprov/grpc';
import { checkBrokerVersions, createKafka, createPublisher } from '@autoprov/kafka';
import { checkMigrated, connect, isUnavailable, runOutboxRelay } from '@autoprov/postgres';
import { ConfigServiceClient, DirectoryServiceClient } from '@autoprov/proto';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import { checkDelegations } from './check-delegations.ts';
import { forgetRemovedApps } from './forget-removed-apps.ts';
import type { BrokerContext } from './context.ts';
import { createDirectoryTokens } from './directory-tokens.ts';
import { createSealer } from './domain/sealing.ts';
import type { BrokerEnv } from './env.ts';
import { createOAuthRequests } from './oauth-requests.ts';
import { addMetrics } from './metrics.ts';
import { resealSecrets } from './reseal-secrets.ts';
import { tokenBrokerService } from './rpc/index.ts';
import { runRevocations } from './run-revocations.ts';
import { createKeyFileSealer } from './sealing-key-file.ts';
import { createJwtSigner } from './sign-jwt.ts';
import { createSingleFlight } from './single-flight.ts';
import { createTokenCache } from './token-cache.ts';
import { createExpiryWatch } from './watch-expiry.ts';

const name = 'token-broker';
const READ_KEYS_EVERY_MS = 2_000;
const RESEAL_EVERY_MS = 3_600_000;
const REVOKE_EVERY_MS = 60_000;
const WATCH_EXPIRY_EVERY_MS = 3_600_000;
/** How often it is looked which delegations are due to be checked. */
const CHECK_EVERY_MS = 60_000;
const FORGET_EVERY_MS = 600_000;

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));

/** Starts the service; the one place where its parts meet. */
export async function startTokenBroker(
  env: BrokerEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
) {
  const keyFile =
    env.sealingKeyFile &&
    createKeyFileSealer(env.sealingKeyFile, { keys: env.sealingKeys, logger, onChange: () => resealing.wake() });
  const sealer = keyFile || createSealer(env.sealingKeys);
  const pool = connect({ url: env.databaseUrl, schema: name, applicationName: name, logger });
  await checkMigrated(pool, migrationsDir);
  const kafka = createKafka({ ...env.kafka, clientId: name, logger });
  await checkBrokerVersions(kafka);
  const publisher = await createPublisher(kafka);
  const outbox = runOutboxRelay({ pool, name, publish: (records) => publisher.publish(records), logger });
  const config = createClient(ConfigServiceClient, { address: env.configAddress, tls: env.tls });
  const oauth = createOAuthRequests(env.sp);
  const directoryReader = createClient(DirectoryServiceClient, {
    address: env.directoryReaderAddress,
    tls: env.tls,
    // It only asks Google something.
    idempotent: ['identifyDirectory'],
  });
  const ctx: BrokerContext = {
    pool,
    sealer,
    tokens: createDirectoryTokens(env.googleTokenUrl, createJwtSigner(env.googleIamUrl)),
    tokenCache: createTokenCache(),
    oauth,
    renewals: new Map(),
    allowedHosts: env.sp.allowedHosts,
    confirming: createSingleFlight(),
    config,
    directoryReader,
    origin: { installationId: env.installationId, service: name },
    logger,
    now: createClock(env.clockOffsetMs),
    owner: env.owner,
    wakeOutbox: () => outbox.wake(),
    wakeRevocations: () => revoking.wake(),
  };
  const resealing = runLoop({
    name: 'reseal secrets',
    everyMs: RESEAL_EVERY_MS,
    run: () => resealSecrets(ctx),
    logger,
  });
  const revoking = runLoop({
    name: 'revoke',
    everyMs: REVOKE_EVERY_MS,
    run: (signal) => runRevocations(ctx, signal),
    logger,
  });
  const watching = runLoop({
    name: 'watch expiry',
    everyMs: WATCH_EXPIRY_EVERY_MS,
    run: createExpiryWatch(ctx, registry),
    logger,
  });
  const readingKeys =
    keyFile &&
    runLoop({ name: 'read sealing keys', everyMs: READ_KEYS_EVERY_MS, run: async () => keyFile.reload(), logger });
  const checking = runLoop({
    name: 'check delegations',
    everyMs: CHECK_EVERY_MS,
    run: (signal) => checkDelegations(ctx, signal),
    logger,
  });
  const forgetting = runLoop({
    name: 'forget removed apps',
    everyMs: FORGET_EVERY_MS,
    run: () => forgetRemovedApps(ctx),
    logger,
  });
  addMetrics(registry, ctx);
  const { address, tls, reflection, identityProvider } = env;
  const services = [tokenBrokerService(ctx)];
  const authorizer = createAuthorizer({ identityProvider, bindingsOf: rememberBindings(askConfig(config)) });
  const server = await serve({ address, tls, reflection, services, authorizer, isUnavailable, logger, registry });
  const ready = () => pool.query('select 1').then(() => true);
  const metrics = await startMetricsServer({ address: env.metricsAddress, registry, ready });
  return {
    port: server.port,
    async stop() {
      await server.stop();
      if (readingKeys) await readingKeys.stop();
      await Promise.all([resealing, revoking, watching, checking, forgetting].map((loop) => loop.stop()));
      // Whoever asked for it may be gone; what the service provider gives must be stored.
      await Promise.allSettled(ctx.renewals.values());
      await outbox.stop();
      await publisher.stop();
      config.close();
      directoryReader.close();
      await oauth.stop();
      await metrics.stop();
      await pool.end();
    },
  };
}
