import { fileURLToPath } from 'node:url';
import { askConfig, createAuthorizer, createClient, rememberBindings, serve } from '@autoprov/grpc';
import { checkBrokerVersions, createKafka, createPublisher } from '@autoprov/kafka';
import { checkMigrated, connect, isUnavailable, runOutboxRelay } from '@autoprov/postgres';
import { ConfigServiceClient } from '@autoprov/proto';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { BrokerContext } from './context.ts';
import { createDirectoryTokens } from './directory-tokens.ts';
import { createSealer } from './domain/sealing.ts';
import type { BrokerEnv } from './env.ts';
import { createOAuthRequests } from './oauth-requests.ts';
import { resealSecrets } from './reseal-secrets.ts';
import { tokenBrokerService } from './rpc/index.ts';
import { runRevocations } from './run-revocations.ts';
import { createTokenCache } from './token-cache.ts';
import { createExpiryWatch } from './watch-expiry.ts';

const name = 'token-broker';
const RESEAL_EVERY_MS = 3_600_000;
const REVOKE_EVERY_MS = 60_000;
const WATCH_EXPIRY_EVERY_MS = 3_600_000;

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
  const config = createClient(ConfigServiceClient, { address: env.configAddress, tls: env.tls });
  const oauth = createOAuthRequests(env.sp);
  const ctx: BrokerContext = {
    pool,
    sealer,
    tokens: createDirectoryTokens(env.googleTokenUrl),
    tokenCache: createTokenCache(),
    oauth,
    renewals: new Map(),
    allowedHosts: env.sp.allowedHosts,
    config,
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
      await Promise.all([resealing.stop(), revoking.stop(), watching.stop()]);
      // Whoever asked for it may be gone; what the service provider gives must be stored.
      await Promise.allSettled(ctx.renewals.values());
      await outbox.stop();
      await publisher.stop();
      config.close();
      await oauth.stop();
      await metrics.stop();
      await pool.end();
    },
  };
}
