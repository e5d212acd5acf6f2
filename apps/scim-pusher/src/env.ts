import { hostname } from 'node:os';
import { identityFields, readIdentityProvider } from '@autoprov/grpc';
import { field, parseEnv, z } from '@autoprov/service';
import { guardWindowMaxMs } from './domain/guard.ts';

/** The environment of the service; see README.md for what each is. */
export function readEnv(env: Record<string, string | undefined>) {
  const e = parseEnv(
    {
      DATABASE_URL: field.url,
      KAFKA_BROKERS: field.list,
      KAFKA_TOPIC_PREFIX: z.string().default(''),
      KAFKA_SESSION_TIMEOUT_MS: field.durationMs.default(30_000),
      INSTALLATION_ID: z.string().default('local'),
      GRPC_ADDRESS: field.address,
      METRICS_ADDRESS: field.address,
      GRPC_REFLECTION: field.boolean.default(false),
      TLS_CA_FILE: field.filePath,
      TLS_CERT_FILE: field.filePath,
      TLS_KEY_FILE: field.filePath,
      ...identityFields,
      CONFIG_ADDRESS: field.address,
      TOKEN_BROKER_ADDRESS: field.address,
      DIRECTORY_READER_ADDRESS: field.address,
      SP_CA_FILE: field.filePath.optional(),
      SP_ALLOWED_HOSTS: field.list.default([]),
      SETUP_POLL_MS: field.durationMs.default(5_000),
      HTTP_TIMEOUT_MS: field.durationMs.default(30_000),
      RETRY_FOR_MS: field.durationMs.default(60_000),
      LEASE_MS: field.durationMs.default(90_000),
      SETTLE_MS: field.durationMs.default(10_000),
      PROBE_BASE_MS: field.durationMs.default(60_000),
      LIST_MAX_ACCOUNTS: field.count.refine((n) => n > 0, 'must be 1 or more').default(1_000_000),
      GUARD_MAX_COUNT: field.count.default(500),
      GUARD_MAX_SHARE_PERCENT: field.count.refine((n) => n <= 100, 'must be 0 to 100, for example 10').default(10),
      GUARD_WINDOW_MS: field.count
        .refine((ms) => ms >= 1_000 && ms <= guardWindowMaxMs, 'must be milliseconds from 1000 to 2678400000 (31 days)')
        .default(86_400_000),
      HISTORY_KEPT_DAYS: field.count.refine((days) => days > 0, 'must be 1 or more').default(400),
      CLOCK_OFFSET_MS: field.offsetMs.default(0),
      UNSAFE_WITHOUT_INTENTS: field.boolean.default(false),
    },
    env,
  );
  return {
    databaseUrl: e.DATABASE_URL,
    kafka: { brokers: e.KAFKA_BROKERS, topicPrefix: e.KAFKA_TOPIC_PREFIX },
    kafkaSessionTimeoutMs: e.KAFKA_SESSION_TIMEOUT_MS,
    installationId: e.INSTALLATION_ID,
    address: e.GRPC_ADDRESS,
    metricsAddress: e.METRICS_ADDRESS,
    reflection: e.GRPC_REFLECTION,
    tls: { caFile: e.TLS_CA_FILE, certFile: e.TLS_CERT_FILE, keyFile: e.TLS_KEY_FILE },
    identityProvider: readIdentityProvider(e),
    peers: { config: e.CONFIG_ADDRESS, tokenBroker: e.TOKEN_BROKER_ADDRESS, directory: e.DIRECTORY_READER_ADDRESS },
    sp: { caFile: e.SP_CA_FILE, allowedHosts: e.SP_ALLOWED_HOSTS },
    setupPollMs: e.SETUP_POLL_MS,
    clockOffsetMs: e.CLOCK_OFFSET_MS,
    push: {
      /** Who holds a lease, for people who look. */
      owner: `${hostname()}/${process.pid}`,
      httpTimeoutMs: e.HTTP_TIMEOUT_MS,
      retryForMs: e.RETRY_FOR_MS,
      leaseMs: e.LEASE_MS,
      settleMs: e.SETTLE_MS,
      probeBaseMs: e.PROBE_BASE_MS,
      listMaxAccounts: e.LIST_MAX_ACCOUNTS,
      historyKeptMs: e.HISTORY_KEPT_DAYS * 86_400_000,
      /** For what a setup does not limit itself. */
      guard: {
        maxCount: e.GUARD_MAX_COUNT,
        maxSharePercent: e.GUARD_MAX_SHARE_PERCENT,
        windowMs: e.GUARD_WINDOW_MS,
      },
      /** Off only to show in a test what intents are for: a crash then makes accounts twice. */
      intents: !e.UNSAFE_WITHOUT_INTENTS,
    },
  };
}

export type PusherEnv = ReturnType<typeof readEnv>;
