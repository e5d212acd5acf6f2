import { readFileSync } from 'node:fs';
import { identityFields, readIdentityProvider } from '@autoprov/grpc';
import { hostname } from 'node:os';
import { EnvError, field, parseEnv, type Secret, z } from '@autoprov/service';
import { parseSealingKeys } from './domain/sealing-keys.ts';

/** The environment of the service; see README.md for what each is. */
export function readEnv(env: Record<string, string | undefined>) {
  const e = parseEnv(
    {
      DATABASE_URL: field.url,
      KAFKA_BROKERS: field.list,
      KAFKA_TOPIC_PREFIX: z.string().default(''),
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
      SECRETS_KEY: field.secret.optional(),
      SECRETS_KEY_FILE: field.filePath.optional(),
      GOOGLE_TOKEN_URL: field.url.optional(),
      SP_CA_FILE: field.filePath.optional(),
      SP_ALLOWED_HOSTS: field.list.default([]),
      GOOGLE_IAM_URL: field.url.optional(),
      CLOCK_OFFSET_MS: field.offsetMs.default(0),
    },
    env,
  );
  return {
    databaseUrl: e.DATABASE_URL,
    kafka: { brokers: e.KAFKA_BROKERS, topicPrefix: e.KAFKA_TOPIC_PREFIX },
    installationId: e.INSTALLATION_ID,
    address: e.GRPC_ADDRESS,
    metricsAddress: e.METRICS_ADDRESS,
    reflection: e.GRPC_REFLECTION,
    tls: { caFile: e.TLS_CA_FILE, certFile: e.TLS_CERT_FILE, keyFile: e.TLS_KEY_FILE },
    identityProvider: readIdentityProvider(e),
    configAddress: e.CONFIG_ADDRESS,
    directoryReaderAddress: e.DIRECTORY_READER_ADDRESS,
    /** The key that seals first, then those that only open. */
    sealingKeys: readKeys(e.SECRETS_KEY, e.SECRETS_KEY_FILE),
    /** Where they are, to be read again; undefined: the environment holds them. */
    sealingKeyFile: e.SECRETS_KEY ? undefined : e.SECRETS_KEY_FILE,
    googleTokenUrl: e.GOOGLE_TOKEN_URL,
    sp: { caFile: e.SP_CA_FILE, allowedHosts: e.SP_ALLOWED_HOSTS },
    /** Who holds a lease, for people who look. */
    owner: `${hostname()}/${process.pid}`,
    googleIamUrl: e.GOOGLE_IAM_URL,
    clockOffsetMs: e.CLOCK_OFFSET_MS,
  };
}

function readKeys(secret: Secret | undefined, file: string | undefined): Buffer[] {
  const keys = secret?.reveal() ?? (file && readFileSync(file, 'utf8'));
  if (!keys) {
    throw new EnvError(
      'SECRETS_KEY and SECRETS_KEY_FILE are not set: make a key with "openssl rand -base64 32" and set one',
    );
  }
  try {
    return parseSealingKeys(keys);
  } catch (err) {
    throw new EnvError(`SECRETS_KEY or SECRETS_KEY_FILE is wrong: ${(err as Error).message}`);
  }
}

export type BrokerEnv = ReturnType<typeof readEnv>;
