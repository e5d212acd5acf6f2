import { identityFields, readIdentityProvider } from '@autoprov/grpc';
import { EnvError, field, parseEnv, z } from '@autoprov/service';
import type { PollBounds } from './domain/poll-interval.ts';
import type { WatchAddresses } from './watch/watch-users.ts';

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
      TOKEN_BROKER_ADDRESS: field.address,
      SETUP_POLL_MS: field.durationMs.default(5_000),
      POLL_INTERVAL_MS: field.durationMs.default(300_000),
      POLL_INTERVAL_MIN_MS: field.durationMs.optional(),
      POLL_INTERVAL_MAX_MS: field.durationMs.optional(),
      GOOGLE_API_ROOT_URL: field.url.optional(),
      GOOGLE_RETRY_MS: field.durationMs.default(60_000),
      GOOGLE_REQUESTS_PER_MINUTE: field.count.refine((count) => count > 0, 'must be 1 or more').default(1_200),
      HISTORY_KEPT_DAYS: field.count.refine((days) => days > 0, 'must be 1 or more').default(400),
      CONFIG_SILENCE_MS: field.durationMs.default(30_000),
      WATCH_PUBLIC_URL: field.url.refine(isHttps, 'must begin with https://: Google sends nowhere else').optional(),
      WATCH_ADDRESS: field.address.optional(),
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
    peers: { config: e.CONFIG_ADDRESS, tokenBroker: e.TOKEN_BROKER_ADDRESS },
    setupPollMs: e.SETUP_POLL_MS,
    configSilenceMs: e.CONFIG_SILENCE_MS,
    historyKeptMs: e.HISTORY_KEPT_DAYS * 86_400_000,
    poll: readPollBounds(e),
    google: {
      rootUrl: e.GOOGLE_API_ROOT_URL,
      retryBudgetMs: e.GOOGLE_RETRY_MS,
      requestsPerMinute: e.GOOGLE_REQUESTS_PER_MINUTE,
    },
    watch: readWatch(e.WATCH_PUBLIC_URL, e.WATCH_ADDRESS),
    clockOffsetMs: e.CLOCK_OFFSET_MS,
  };
}

function readWatch(publicUrl: string | undefined, address: string | undefined): WatchAddresses | undefined {
  if (publicUrl !== undefined && address !== undefined) return { publicUrl, address };
  if (publicUrl === undefined && address === undefined) return undefined;
  throw new EnvError('WATCH_PUBLIC_URL and WATCH_ADDRESS go together: set both or none');
}

/** The example directory, which sends to this machine, takes http. */
function isHttps(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}

export type ReaderEnv = ReturnType<typeof readEnv>;

function readPollBounds(e: {
  POLL_INTERVAL_MS: number;
  POLL_INTERVAL_MIN_MS?: number | undefined;
  POLL_INTERVAL_MAX_MS?: number | undefined;
}): PollBounds {
  const usualMs = e.POLL_INTERVAL_MS;
  const minMs = e.POLL_INTERVAL_MIN_MS ?? Math.round(usualMs / 5);
  const maxMs = e.POLL_INTERVAL_MAX_MS ?? Math.min(usualMs * 2, 2 ** 31 - 1);
  if (minMs <= usualMs && usualMs <= maxMs) return { usualMs, minMs, maxMs };
  throw new EnvError(
    `POLL_INTERVAL_MIN_MS (${minMs}) ≤ POLL_INTERVAL_MS (${usualMs}) ≤ POLL_INTERVAL_MAX_MS (${maxMs}) must hold: correct them`,
  );
}
