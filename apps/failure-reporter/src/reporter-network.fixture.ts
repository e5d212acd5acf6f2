import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, defineService, RpcError, serve, status, type Handlers } from '@autoprov/grpc';
import {
  createKafka,
  createPublisher,
  lagOf,
  runConsumer,
  toCloudEvent,
  topics,
  type PublicEvent,
} from '@autoprov/kafka';
import { connect, migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import {
  ConfigServiceService,
  DirectoryServiceService,
  DirectoryUser,
  FailureServiceClient,
  SetupChange,
  type BatchGetUsersRequest,
} from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates } from '@autoprov/testing';
import type { ReporterEnv } from './env.ts';
import { migrationsDir, startFailureReporter } from './server.ts';

/** A record of failures.v1; value undefined: a tombstone. */
export type PublishedFailure = {
  key: string;
  value: Record<string, unknown> | undefined;
  headers: Record<string, string>;
};

/** The service as a process would run it, with real PostgreSQL, Kafka and mTLS, and a stand-in for directory-reader. */
export async function startReporterNetwork() {
  const { KAFKA_BROKERS: brokers } = process.env;
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
  await using started = new AsyncDisposableStack();
  const tlsDir = mkdtempSync(join(tmpdir(), 'autoprov-reporter-'));
  started.defer(() => rmSync(tlsDir, { recursive: true }));
  const { services: tls } = await createCertificates(tlsDir, [
    'failure-reporter',
    'directory-reader',
    'token-broker',
    'cli',
  ]);
  const database = await createTestDatabase();
  started.defer(() => database.drop());
  await migrate({ adminUrl: database.url, service: 'failure-reporter', migrationsDir });
  const logger = createLogger({ service: 'test', level: process.env['LOG_LEVEL'] ?? 'fatal' });
  const directory = createDirectory();
  const config = createConfig();
  const directoryServer = await serve({
    address: '127.0.0.1:0',
    tls: tls['directory-reader'],
    services: [directory.service, config.service],
    reflection: false,
    logger,
    registry: createRegistry(),
  });
  started.defer(() => directoryServer.stop());
  const kafkaEnv = { brokers: brokers.split(','), topicPrefix: `test-${randomUUID()}.` };
  const env: ReporterEnv = {
    databaseUrl: roleUrl(database.url, 'failure-reporter'),
    kafka: kafkaEnv,

    kafkaSessionTimeoutMs: 6_000,
    installationId: 'test',
    address: '127.0.0.1:0',
    metricsAddress: '127.0.0.1:0',
    reflection: false,
    tls: tls['failure-reporter']!,
    identityProvider: undefined,
    setupPollMs: 20,
    configAddress: `127.0.0.1:${directoryServer.port}`,
    directoryAddress: `127.0.0.1:${directoryServer.port}`,
    webhooks: { file: undefined, allowedHosts: [], caFile: undefined },
    clockOffsetMs: 0,
  };
  const start = (changes: Partial<ReporterEnv> = {}) =>
    startFailureReporter({ ...env, ...changes }, { logger, registry: createRegistry() });
  let reporter = await start();
  started.defer(() => reporter.stop());

  const kafka = createKafka({ ...kafkaEnv, clientId: 'test', logger });
  const publisher = await createPublisher(kafka);
  started.defer(() => publisher.stop());
  const failures: PublishedFailure[] = [];
  const handle = async ({
    records,
  }: {
    records: { key: string; value: Buffer | null; headers: Record<string, string> }[];
  }) => {
    for (const { value, ...record } of records) {
      failures.push({
        ...record,
        value: value ? (JSON.parse(value.toString()) as Record<string, unknown>) : undefined,
      });
    }
  };
  const consumer = await runConsumer(kafka, { groupId: 'test', topics: [topics.failures], handle });
  started.defer(() => consumer.stop());

  const origin = { installationId: 'test', service: 'scim-pusher' };
  const running = started.move();
  return {
    directory,
    config,
    /** What failures.v1 holds, in the order it came. */
    failures,
    client(caller: 'cli' | 'token-broker' = 'cli') {
      return createClient(FailureServiceClient, { address: `127.0.0.1:${reporter.port}`, tls: tls[caller] });
    },
    publish: (events: PublicEvent[]) => publisher.publish(events.map((event) => toCloudEvent(origin, event))),
    publishText: (topic: string, text: string) =>
      publisher.publish([{ topic, partitionKey: 'x', key: 'x', value: Buffer.from(text), headers: {} }]),
    /** Resolves once everything that was published has been taken in: accounts lie in several partitions. */
    untilTakenIn: () =>
      eventually(async () =>
        (await lagOf(kafka, 'failure-reporter', [topics.outcomes, topics.checks])) === 0 ? true : undefined,
      ),
    async restart(changes: Partial<ReporterEnv>): Promise<void> {
      await reporter.stop();
      reporter = await start(changes);
    },
    /** As after the loss of its database: an empty one, and the topics from their beginning. */
    async restartEmpty(): Promise<void> {
      await reporter.stop();
      const empty = await createTestDatabase();
      running.defer(() => empty.drop());
      await migrate({ adminUrl: empty.url, service: 'failure-reporter', migrationsDir });
      env.databaseUrl = roleUrl(empty.url, 'failure-reporter');
      const admin = kafka.client.admin();
      await admin.connect();
      await admin.deleteGroups([`${kafkaEnv.topicPrefix}failure-reporter`]);
      await admin.disconnect();
      reporter = await start();
    },
    /** Gives every parked message this value. */
    async repairParked(value: string): Promise<void> {
      const pool = connect({ url: env.databaseUrl, schema: 'failure-reporter', applicationName: 'test', logger });
      await pool.query(`update parked_events set value = $1`, [Buffer.from(value)]);
      await pool.end();
    },
    async metrics(): Promise<string> {
      return (await fetch(`http://127.0.0.1:${reporter.metricsPort}/metrics`)).text();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Stands in for config: nobody has a role, and setups change as it is told. */
function createConfig() {
  const changes = new Map<string, SetupChange>();
  let revision = 0n;
  const later = (sinceRevision: bigint) => [...changes.values()].filter((it) => it.revision > sinceRevision);
  const unused = () => {
    throw new RpcError(status.UNIMPLEMENTED, 'INTERNAL', 'not needed by this test');
  };
  const handlers = Object.fromEntries(Object.keys(ConfigServiceService).map((method) => [method, unused]));
  return {
    service: defineService({
      definition: ConfigServiceService,
      handlers: {
        ...(handlers as unknown as Handlers<typeof ConfigServiceService>),
        listRoleBindings: async () => ({ roleBindings: [], nextPageToken: '' }),
        listSetupChanges: async ({ sinceRevision }) => ({
          changes: later(sinceRevision),
          nextSinceRevision: revision,
          more: false,
        }),
      },
      allow: ['failure-reporter'],
    }),
    /** From now on it tells of this change of an app's setup. */
    change(app: string, change: Partial<SetupChange>): void {
      revision += 1n;
      changes.set(app, { ...SetupChange.fromPartial({ app }), ...change, revision });
    },
  };
}

/** Stands in for directory-reader: says the addresses it was given, or nothing. */
function createDirectory() {
  const emails = new Map<string, string>();
  let silent = false;
  async function batchGetUsers({ names }: BatchGetUsersRequest) {
    if (silent) throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'the directory is away');
    const known = names.filter((name) => emails.has(name));
    return { users: known.map((name) => DirectoryUser.fromPartial({ name, primaryEmail: emails.get(name)! })) };
  }
  const unused = () => {
    throw new RpcError(status.UNIMPLEMENTED, 'INTERNAL', 'not needed by this test');
  };
  const handlers = Object.fromEntries(Object.keys(DirectoryServiceService).map((name) => [name, unused]));
  return {
    service: defineService({
      definition: DirectoryServiceService,
      handlers: { ...handlers, batchGetUsers } as unknown as Handlers<typeof DirectoryServiceService>,
      allow: ['failure-reporter'],
    }),
    emails,
    /** From now on it answers nothing, or again. */
    setSilent: (value: boolean) => void (silent = value),
  };
}

/** The first thing that `find` finds; asks every 20 ms and gives up after 30 s. */
export async function eventually<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + 30_000;
  while (true) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > deadlineMs) throw new Error(`still not so after 30 s: ${find.toString()}`);
    await delay(20);
  }
}
