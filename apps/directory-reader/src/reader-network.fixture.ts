import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, serve, type Service } from '@autoprov/grpc';
import { readCloudEvent, topics, type KafkaRecord } from '@autoprov/kafka';
import { migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import {
  createPresentHash,
  DirectoryEvent,
  DirectoryServiceClient,
  DirectoryUser_State,
  type Check,
  type DirectoryGroup,
  type DirectoryUser,
  type ReadCompleted,
} from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates, freePort, startDirectory, type DirectoryState } from '@autoprov/testing';
import type { ReaderEnv } from './env.ts';
import { createConfig, createTokenBroker } from './outside.fixture.ts';
import { migrationsDir, startDirectoryReader } from './server.ts';

const WAIT_MS = 150_000;
const anyPort = '127.0.0.1:0';
const logger = createLogger({ service: 'test', level: process.env['LOG_LEVEL'] ?? 'fatal' });

/** What one read, or whatever else a test waited for, has published. */
export type Published = {
  events: DirectoryEvent[];
  users: DirectoryUser[];
  completed: ReadCompleted[];
  checks: Check[];
};

/** What is around the service: a database, an example directory, and stand-ins for config and the token broker. */
export async function startSurroundings(people: DirectoryState) {
  const tlsDir = mkdtempSync(join(tmpdir(), 'autoprov-reader-'));
  const database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'directory-reader', migrationsDir });
  const directory = await startDirectory({ people });
  const config = createConfig();
  const broker = createTokenBroker(directory);
  const { services: tls } = await createCertificates(tlsDir, ['config', 'token-broker', 'directory-reader', 'cli']);
  const serveOne = (name: string, service: Service) =>
    serve({
      address: anyPort,
      reflection: false,
      logger,
      tls: tls[name],
      services: [service],
      registry: createRegistry(),
    });
  const servers = [await serveOne('config', config.service), await serveOne('token-broker', broker.service)];
  const [configAddress, tokenBroker] = servers.map(({ port }) => `127.0.0.1:${port}`);
  const peers = { config: configAddress!, tokenBroker: tokenBroker! };
  const databaseUrl = roleUrl(database.url, 'directory-reader');
  const readerTls = tls['directory-reader']!;
  return {
    directory,
    config,
    broker,
    tls,
    databaseUrl,
    peers,
    /** The same as environment variables of a process. */
    processEnv: {
      DATABASE_URL: databaseUrl,
      TLS_CA_FILE: readerTls.caFile,
      TLS_CERT_FILE: readerTls.certFile,
      TLS_KEY_FILE: readerTls.keyFile,
      CONFIG_ADDRESS: peers.config,
      TOKEN_BROKER_ADDRESS: peers.tokenBroker,
      GOOGLE_API_ROOT_URL: directory.url,
    },
    connect: (port: number, workload: 'cli' | 'token-broker' = 'cli') =>
      createClient(DirectoryServiceClient, { address: `127.0.0.1:${port}`, tls: tls[workload] }),
    async stop() {
      for (const server of servers) await server.stop();
      await directory.stop();
      await database.drop();
      rmSync(tlsDir, { recursive: true });
    },
  };
}

/** The service as a process would run it, publishing into a list, in its surroundings. */
export async function startReaderNetwork({
  people,
  watched = false,
  ...changes
}: { people: DirectoryState; watched?: boolean } & Partial<Pick<ReaderEnv, 'poll' | 'configSilenceMs'>> & {
    retryBudgetMs?: number;
    requestsPerMinute?: number;
  }) {
  const surroundings = await startSurroundings(people);
  const { directory, config, broker, tls, databaseUrl, peers } = surroundings;
  const records: KafkaRecord[] = [];
  const publisher = {
    publish: async (batch: KafkaRecord[]) => void records.push(...batch),
    stop: async () => {},
  };
  const env: ReaderEnv = {
    databaseUrl,
    kafka: { brokers: [], topicPrefix: '' },
    installationId: 'test',
    address: anyPort,
    metricsAddress: anyPort,
    reflection: false,
    tls: tls['directory-reader']!,
    identityProvider: undefined,
    peers,
    setupPollMs: 20,
    configSilenceMs: changes.configSilenceMs ?? 30_000,
    historyKeptMs: 400 * 86_400_000,
    poll: changes.poll ?? everyMs(3_600_000),
    google: {
      rootUrl: directory.url,
      retryBudgetMs: changes.retryBudgetMs ?? 0,
      requestsPerMinute: changes.requestsPerMinute ?? 1_000_000,
    },
    watch: watched ? await watchAddresses() : undefined,
    clockOffsetMs: 0,
  };
  let registry = createRegistry();
  const start = (changed: Partial<ReaderEnv> = {}) =>
    startDirectoryReader({ ...env, ...changed }, { logger, registry }, { publisher });
  let reader = await start();
  let client = surroundings.connect(reader.port);
  const replicas: (typeof reader)[] = [];
  let taken = 0;

  const status = (customer = 'customers/acme') => client.getReadStatus({ customer }, { timeoutMs: 20_000 });
  async function takePublished(): Promise<Published> {
    await reader.outboxDrained();
    const news = records.slice(taken);
    taken = records.length;
    const events = news.filter(({ topic }) => topic === topics.users).map(({ value }) => DirectoryEvent.decode(value!));
    return {
      events,
      users: events.flatMap(({ event }) => (event?.$case === 'user' ? [event.value] : [])),
      // Without that which says, before anything else, that nothing is covered.
      completed: events.flatMap(({ event }) =>
        event?.$case === 'readCompleted' && event.value.readNo > 0n ? [event.value] : [],
      ),
      checks: news.filter(({ topic }) => topic === topics.checks).map(({ value }) => readCloudEvent('check', value!)),
    };
  }
  return {
    directory,
    config,
    tokenBroker: broker,
    databaseUrl,
    /** Where the hook listens. */
    hookUrl: env.watch?.publicUrl ?? '',
    /** A metric of the service that was started last, as a scraper sees it. */
    metric: (name: string) => registry.getSingleMetricAsString(name),
    records,
    client: () => client,
    /** As another workload; to be closed. */
    connectAs: (workload: 'token-broker') => surroundings.connect(reader.port, workload),
    status,
    takePublished,
    /** Waits for the end of the read after `readNo`, and for all it publishes. */
    async readAfter(readNo: bigint): Promise<Published> {
      await until(async () => (await status()).lastReadNo > readNo);
      return takePublished();
    },
    /** Waits until a group has been read whole, and for all that is published until then. */
    async untilCovered(group: string, parent = 'customers/acme'): Promise<Published> {
      const page = { parent, pageSize: 500, pageToken: '' };
      const isWhole = ({ name, completeTime }: DirectoryGroup) => name.endsWith(`/groups/${group}`) && completeTime;
      await until(async () => (await client.listGroups(page, { timeoutMs: 20_000 })).groups.some(isWhole));
      return takePublished();
    },
    /** Waits for a read that begins from now on, and for all it publishes. */
    async read(customer = 'customers/acme'): Promise<Published> {
      const { readNo } = await eventually(() => client.requestRead({ customer }, { timeoutMs: 20_000 }));
      await until(async () => (await status(customer)).lastReadNo >= readNo);
      return takePublished();
    },
    /** Starts the service once more, on the same database; it ends with the network. The client is to be closed. */
    async addReplica(): Promise<{ client: typeof client; watchPort: number | undefined }> {
      registry = createRegistry();
      const replica = await start({ watch: env.watch && { ...env.watch, address: anyPort } });
      replicas.push(replica);
      return { client: surroundings.connect(replica.port), watchPort: replica.watchPort };
    },
    /** Gives a customer a Google directory of its own. */
    addDirectory(customer: string, people: DirectoryState) {
      const own = directory.addCustomer({ people });
      broker.setDirectory(customer, own);
      return own;
    },
    /** Ends the service as it is, and starts it again, with a clock that is ahead if asked for. */
    async restart({ clockOffsetMs = 0 } = {}): Promise<void> {
      client.close();
      await reader.stop();
      registry = createRegistry();
      reader = await start({ clockOffsetMs });
      client = surroundings.connect(reader.port);
    },
    async [Symbol.asyncDispose]() {
      client.close();
      for (const running of [reader, ...replicas]) await running.stop();
      await surroundings.stop();
    },
  };
}

async function watchAddresses() {
  const address = `127.0.0.1:${await freePort()}`;
  return { publicUrl: `http://${address}/google`, address };
}

/** Reads by itself so often, whatever happens. */
export function everyMs(ms: number): ReaderEnv['poll'] {
  return { usualMs: ms, minMs: ms, maxMs: ms };
}

/** What a consumer holds that takes in all records, each when its seq is higher than what it has: as the pusher does. */
export function foldUsers(records: KafkaRecord[]): Map<string, DirectoryUser & { seq: bigint }> {
  const copy = new Map<string, DirectoryUser & { seq: bigint }>();
  for (const { topic, value } of records) {
    if (topic !== topics.users) continue;
    const { seq, event } = DirectoryEvent.decode(value!);
    if (event?.$case !== 'user') continue;
    const id = event.value.name.split('/').at(-1)!;
    if ((copy.get(id)?.seq ?? 0n) < seq) copy.set(id, { ...event.value, seq });
  }
  return copy;
}

/** The hash of such a copy. */
export function hashOf(copy: Map<string, DirectoryUser & { seq: bigint }>): string {
  const hash = createPresentHash();
  const present = [...copy].filter(([, { state }]) => state !== DirectoryUser_State.STATE_DELETED);
  for (const [id, { seq }] of present.sort(([a], [b]) => (a < b ? -1 : 1))) hash.add(id, seq);
  return hash.digest();
}

/** Resolves when the condition holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`still not so after ${WAIT_MS} ms: ${holds.toString()}`);
    await delay(10);
  }
}

/** The answer, as soon as there is one. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await until(async () => {
    answer = await ask().then(
      (value) => ({ value }),
      () => undefined,
    );
    return answer !== undefined;
  });
  return answer!.value;
}
