import { fileURLToPath } from 'node:url';
import { createAuthorizer, createClient, serve } from '@autoprov/grpc';
import { checkMigrated, connect, isUnavailable } from '@autoprov/postgres';
import { DirectoryServiceClient, PushServiceClient, TokenBrokerServiceClient } from '@autoprov/proto';
import { createClock, runLoop, startMetricsServer, type ServiceContext } from '@autoprov/service';
import type { ConfigContext } from './context.ts';
import type { ConfigEnv } from './env.ts';
import { revokePending } from './revoke-access.ts';
import { configService } from './rpc/index.ts';
import { presentBinding } from './rpc/role-bindings.ts';
import { deleteOldAnswers } from './store/answers.ts';
import { findBindingsOf } from './store/role-bindings.ts';
import { loadTemplates } from './templates.ts';

export const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));
const templatesDir = fileURLToPath(new URL('../templates', import.meta.url));

const FORGET_ANSWERS_EVERY_MS = 3_600_000;
const REVOKE_EVERY_MS = 10_000;

/** Starts the service; the one place where its parts meet. */
export async function startConfig(
  env: ConfigEnv,
  { logger, registry }: Pick<ServiceContext, 'logger' | 'registry'>,
  overrides: Partial<ConfigContext> = {},
) {
  const templates = loadTemplates(templatesDir);
  const pool = connect({ url: env.databaseUrl, schema: 'config', applicationName: 'config', logger });
  await checkMigrated(pool, migrationsDir);
  const now = createClock(env.clockOffsetMs);
  const { peers, tls } = env;
  const clients = {
    tokenBroker: createClient(TokenBrokerServiceClient, { address: peers.tokenBroker, tls }),
    directory: createClient(DirectoryServiceClient, { address: peers.directoryReader, tls }),
    push: createClient(PushServiceClient, { address: peers.scimPusher, tls }),
  };
  const ctx: ConfigContext = {
    pool,
    ...clients,
    templates,
    allowedHosts: env.allowedHosts,
    now,
    logger,
    wakeRevocations: () => revoking.wake(),
    ...overrides,
  };
  const forgetting = runLoop({
    name: 'forget answers',
    everyMs: FORGET_ANSWERS_EVERY_MS,
    run: () => deleteOldAnswers(ctx.pool, ctx.now()),
    logger,
  });
  const revoking = runLoop({
    name: 'revoke access',
    everyMs: REVOKE_EVERY_MS,
    run: (signal) => revokePending(ctx, signal),
    logger,
  });
  const bindingsOf = async (member: string) => (await findBindingsOf(pool, member)).map(presentBinding);
  const { address, reflection, identityProvider } = env;
  const server = await serve({
    address,
    tls,
    reflection,
    services: [configService(ctx)],
    authorizer: createAuthorizer({ identityProvider, bindingsOf }),
    isUnavailable,
    logger,
    registry,
  });
  const ready = () => pool.query('select 1').then(() => true);
  const metrics = await startMetricsServer({ address: env.metricsAddress, registry, ready });
  return {
    port: server.port,
    async stop() {
      await server.stop();
      await forgetting.stop();
      await revoking.stop();
      for (const client of Object.values(clients)) client.close();
      await metrics.stop();
      await pool.end();
    },
  };
}
