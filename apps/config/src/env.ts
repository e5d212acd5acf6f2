import { identityFields, readIdentityProvider } from '@autoprov/grpc';
import { field, parseEnv } from '@autoprov/service';

/** The environment of the service; see README.md for what each is. */
export function readEnv(env: Record<string, string | undefined>) {
  const e = parseEnv(
    {
      DATABASE_URL: field.url,
      GRPC_ADDRESS: field.address,
      METRICS_ADDRESS: field.address,
      GRPC_REFLECTION: field.boolean.default(false),
      TLS_CA_FILE: field.filePath,
      TLS_CERT_FILE: field.filePath,
      TLS_KEY_FILE: field.filePath,
      TOKEN_BROKER_ADDRESS: field.address,
      DIRECTORY_READER_ADDRESS: field.address,
      SCIM_PUSHER_ADDRESS: field.address,
      ...identityFields,
      SP_ALLOWED_HOSTS: field.list.default([]),
      CLOCK_OFFSET_MS: field.offsetMs.default(0),
    },
    env,
  );
  return {
    databaseUrl: e.DATABASE_URL,
    address: e.GRPC_ADDRESS,
    metricsAddress: e.METRICS_ADDRESS,
    reflection: e.GRPC_REFLECTION,
    tls: { caFile: e.TLS_CA_FILE, certFile: e.TLS_CERT_FILE, keyFile: e.TLS_KEY_FILE },
    peers: {
      tokenBroker: e.TOKEN_BROKER_ADDRESS,
      directoryReader: e.DIRECTORY_READER_ADDRESS,
      scimPusher: e.SCIM_PUSHER_ADDRESS,
    },
    identityProvider: readIdentityProvider(e),
    allowedHosts: e.SP_ALLOWED_HOSTS,
    clockOffsetMs: e.CLOCK_OFFSET_MS,
  };
}

export type ConfigEnv = ReturnType<typeof readEnv>;
