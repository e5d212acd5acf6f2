import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, defineService, RpcError, rpcErrorOf, serve, status, type Handlers } from '@autoprov/grpc';
import { readCloudEvent } from '@autoprov/kafka';
import { connect, migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { ConfigServiceService, DirectoryServiceService, TokenBrokerServiceClient, type Check } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates, startDirectory } from '@autoprov/testing';
import { readEnv } from './env.ts';
import { migrationsDir, startTokenBroker } from './server.ts';

/** Long enough for any call that should succeed. */
export const soon = { timeoutMs: 20_000 };

const workloads = ['token-broker', 'config', 'cli', 'directory-reader', 'scim-pusher', 'stranger'] as const;

/** Variables of the service instead of the usual ones; undefined: not set. */
type Overrides = Record<string, string | undefined>;

/** The key that seals unless a test says otherwise. */
export const newSealingKey = () => randomBytes(32).toString('base64');

/**
 * The real service on a free port, with a database of its own, mTLS and the example directory for Google. Checks stay in
 * the outbox, where `takeChecks` finds them, until a test makes the topics.
 */
export async function startBrokerForTests() {
  const directory = await startDirectory();
  const database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'token-broker', migrationsDir });
  const certificates = await createCertificates(mkdtempSync(join(tmpdir(), 'autoprov-broker-')), workloads);
  const { caFile, services } = certificates;
  const installed = new Set<string>();
  const config = await serveInstalledApps(installed, services['config']!);
  const reader = await serveIdentifyDirectory(directory.url, services['directory-reader']!);
  const logged: string[] = [];
  const tls = services['token-broker']!;
  const settings = {
    DATABASE_URL: roleUrl(database.url, 'token-broker'),
    KAFKA_BROKERS: process.env['KAFKA_BROKERS'] ?? '',
    KAFKA_TOPIC_PREFIX: `test-${randomUUID()}.`,
    GRPC_ADDRESS: '127.0.0.1:0',
    METRICS_ADDRESS: '127.0.0.1:0',
    TLS_CA_FILE: tls.caFile,
    TLS_CERT_FILE: tls.certFile,
    TLS_KEY_FILE: tls.keyFile,
    CONFIG_ADDRESS: `127.0.0.1:${config.port}`,
    DIRECTORY_READER_ADDRESS: `127.0.0.1:${reader.port}`,
    SECRETS_KEY: newSealingKey(),
    GOOGLE_TOKEN_URL: directory.tokenUrl,
    SP_ALLOWED_HOSTS: '127.0.0.1,localhost',
    SP_CA_FILE: caFile,
    CLOCK_OFFSET_MS: '0',
  };
  const start = (overrides: Overrides = {}) => {
    if (settings.KAFKA_BROKERS === '') {
      throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
    }
    const logger = createLogger(
      { service: 'token-broker', level: 'trace' },
      { write: (line) => void logged.push(line) },
    );
    registry = createRegistry();
    return startTokenBroker(readEnv({ ...settings, ...overrides }), { logger, registry });
  };
  let registry: ReturnType<typeof createRegistry>;
  let broker = await start();
  const clientsOf = (port: number) => {
    const clientOf = (workload: (typeof workloads)[number]) =>
      createClient(TokenBrokerServiceClient, { address: `127.0.0.1:${port}`, tls: services[workload] });
    return {
      cli: clientOf('cli'),
      config: clientOf('config'),
      reader: clientOf('directory-reader'),
      pusher: clientOf('scim-pusher'),
      stranger: clientOf('stranger'),
    };
  };
  let clients = clientsOf(broker.port);
  const pool = connect({
    url: database.url,
    schema: 'token_broker',
    applicationName: 'test',
    logger: createLogger({ service: 'test' }, { write: () => {} }),
  });
  const stopBroker = async () => {
    for (const client of Object.values(clients)) client.close();
    await broker.stop();
  };
  return {
    directory,
    /** The apps that config says are installed. */
    installed,
    config,
    pool,
    logged,
    caFile,
    /** The server certificate of service providers. */
    localhost: certificates.localhost,
    /** What a broker of its own process is started with. */
    settings,
    clientsOf,
    kafka: { brokers: [settings.KAFKA_BROKERS], topicPrefix: settings.KAFKA_TOPIC_PREFIX },
    get port() {
      return broker.port;
    },
    get clients() {
      return clients;
    },
    /** The metrics of what was started last. */
    metrics: () => registry.metrics(),
    /** Another replica on the same database. */
    async startReplica(overrides: Overrides = {}) {
      const replica = await start(overrides);
      const itsClients = clientsOf(replica.port);
      return {
        clients: itsClients,
        async stop() {
          for (const client of Object.values(itsClients)) client.close();
          await replica.stop();
        },
      };
    },
    /** Starts it anew, with other settings. */
    async restart(overrides: Overrides) {
      await stopBroker();
      broker = await start(overrides);
      clients = clientsOf(broker.port);
    },
    /** The checks that were published since the last time. */
    async takeChecks(): Promise<Check[]> {
      const { rows } = await pool.query<{ id: bigint; value: Buffer }>(`delete from outbox returning id, value`);
      return rows.toSorted((a, b) => Number(a.id - b.id)).map(({ value }) => readCloudEvent('check', value));
    },
    async stop() {
      await stopBroker();
      await pool.end();
      await config.stop();
      await reader.stop();
      await directory.stop();
      await database.drop();
    },
  };
}

export type BrokerForTests = Awaited<ReturnType<typeof startBrokerForTests>>;

/** A config service that knows apps and nothing else. */
async function serveInstalledApps(installed: Set<string>, tls: { caFile: string; certFile: string; keyFile: string }) {
  const logger = createLogger({ service: 'config' }, { write: () => {} });
  const handlers = handlersOf(ConfigServiceService);
  const getApp: Handlers<typeof ConfigServiceService>['getApp'] = async ({ name }) => {
    if (!installed.has(name)) throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `${name} does not exist`);
    return { app: { name, displayName: '', template: '', etag: '' } };
  };
  const service = defineService({
    definition: ConfigServiceService,
    handlers: {
      ...(handlers as unknown as Handlers<typeof ConfigServiceService>),
      getApp,
      listRoleBindings: async () => ({ roleBindings: [], nextPageToken: '' }),
    },
    allow: ['token-broker'],
  });
  return serve({
    address: '127.0.0.1:0',
    tls,
    services: [service],
    reflection: false,
    logger,
    registry: createRegistry(),
  });
}

/** A directory-reader that says which directory a token reads, and nothing else; its own tests are with it. */
async function serveIdentifyDirectory(url: string, tls: { caFile: string; certFile: string; keyFile: string }) {
  const logger = createLogger({ service: 'directory-reader' }, { write: () => {} });
  const identifyDirectory: Handlers<typeof DirectoryServiceService>['identifyDirectory'] = async (request) => {
    const user = `${url}/admin/directory/v1/users/${encodeURIComponent(request.adminEmail)}?fields=customerId`;
    const answer = await fetch(user, { headers: { authorization: `Bearer ${request.accessToken}` } });
    if (answer.ok) return { googleCustomerId: ((await answer.json()) as { customerId: string }).customerId };
    const [kind, metadata] =
      answer.status >= 500
        ? [status.UNAVAILABLE as const, { code: '50001', finer_reason: 'DIRECTORY_UNAVAILABLE' }]
        : [status.FAILED_PRECONDITION as const, { code: '17008', finer_reason: 'ADMIN_ROLE_LOST' }];
    throw new RpcError(kind, 'ADMIN_NOT_USABLE', `users.get answered ${answer.status}`, { metadata, retryAfterMs: 1 });
  };
  const service = defineService({
    definition: DirectoryServiceService,
    handlers: {
      ...(handlersOf(DirectoryServiceService) as Handlers<typeof DirectoryServiceService>),
      identifyDirectory,
    },
    allow: ['token-broker'],
  });
  const registry = createRegistry();
  return serve({ address: '127.0.0.1:0', tls, services: [service], reflection: false, logger, registry });
}

/** Every method of a service, for tests that call none of them. */
function handlersOf(definition: object): unknown {
  const unused = async () => {
    throw new Error('these tests do not call it');
  };
  return Object.fromEntries(Object.keys(definition).map((method) => [method, unused]));
}

/** What a call was refused with; throws when it was not. */
export async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (err) {
    return rpcErrorOf(err);
  }
  throw new Error('the call was not refused');
}
