import { identityFields, readIdentityProvider } from '@autoprov/grpc';
import { field, parseEnv, z } from '@autoprov/service';

/** What the failure reporter is started with. */
export type ReporterEnv = ReturnType<typeof readEnv>;

/**
 * Reads the environment of the running service; README.md says what each variable is.
 *
 * @throws EnvError naming every variable at fault
 */
export function readEnv(env: Record<string, string | undefined>) {
  const vars = parseEnv(
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
      DIRECTORY_READER_ADDRESS: field.address,
      SETUP_POLL_MS: field.durationMs.default(5_000),
      WEBHOOKS_FILE: field.filePath.optional(),
      SP_ALLOWED_HOSTS: field.list.default([]),
      SP_CA_FILE: field.filePath.optional(),
      CLOCK_OFFSET_MS: field.offsetMs.default(0),
    },
    env,
  );
  return {
    databaseUrl: vars.DATABASE_URL,
    kafka: { brokers: vars.KAFKA_BROKERS, topicPrefix: vars.KAFKA_TOPIC_PREFIX },
    kafkaSessionTimeoutMs: vars.KAFKA_SESSION_TIMEOUT_MS,
    installationId: vars.INSTALLATION_ID,
    address: vars.GRPC_ADDRESS,
    metricsAddress: vars.METRICS_ADDRESS,
    reflection: vars.GRPC_REFLECTION,
    tls: { caFile: vars.TLS_CA_FILE, certFile: vars.TLS_CERT_FILE, keyFile: vars.TLS_KEY_FILE },
    identityProvider: readIdentityProvider(vars),
    configAddress: vars.CONFIG_ADDRESS,
    directoryAddress: vars.DIRECTORY_READER_ADDRESS,
    setupPollMs: vars.SETUP_POLL_MS,
    webhooks: { file: vars.WEBHOOKS_FILE, allowedHosts: vars.SP_ALLOWED_HOSTS, caFile: vars.SP_CA_FILE },
    clockOffsetMs: vars.CLOCK_OFFSET_MS,
  };
}

/** Reads the environment of `--migrate`: the administrator's database. */
export function readMigrateEnv(env: Record<string, string | undefined>): { adminUrl: string } {
  return { adminUrl: parseEnv({ DATABASE_ADMIN_URL: field.url }, env).DATABASE_ADMIN_URL };
}
