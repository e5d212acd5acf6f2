import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createKafka, ensureTopics, topicSpecs } from '@autoprov/kafka';
import { freePort, plainPeople } from '@autoprov/testing';
import { startReaderNetwork, startSurroundings, until } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';

test('10,000 users, 200 groups and 10,000 memberships cost 220 requests, and so does finding nothing new', async () => {
  const people = plainPeople({ users: 10_000, groups: 200, membersPerGroup: 50 });
  await using network = await startReaderNetwork({ people });
  network.config.put(app, { groups: [...people.groups.values()].map((group) => group.email) });
  const first = await network.readAfter(0n);
  expect(first.users).toHaveLength(10_000);
  const floor = { usersList: 20, membersList: 200, usersGet: 0, schemasList: 0 };
  expect(network.directory.run({ do: 'counts' })).toMatchObject(floor);
  expect((await network.status()).requestCounts).toEqual({ usersList: 20n, membersList: 200n });

  network.directory.run({ do: 'resetCounts' });
  expect((await network.read()).events).toEqual([]);
  expect(network.directory.run({ do: 'counts' })).toMatchObject(floor);
}, 120_000);

test('a directory of 20,000 users is read, mirrored and announced in a heap of 48 MB', async () => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
  const topicPrefix = `reader-${process.pid}-${Date.now()}.`;
  const silent = { error() {}, warn() {}, info() {}, debug() {} };
  await ensureTopics(
    createKafka({ brokers: brokers.split(','), clientId: 'test', topicPrefix, logger: silent }),
    topicSpecs(),
  );
  const surroundings = await startSurroundings(plainPeople({ users: 20_000, groups: 1, membersPerGroup: 20_000 }));
  surroundings.config.put(app, { groups: ['group001@example.com'] });
  const port = await freePort();
  const tls = surroundings.tls['directory-reader']!;
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const service = spawn(process.execPath, ['--max-old-space-size=48', '--conditions=@autoprov/source', main], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: surroundings.databaseUrl,
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: topicPrefix,
      GRPC_ADDRESS: `127.0.0.1:${port}`,
      METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
      TLS_CA_FILE: tls.caFile,
      TLS_CERT_FILE: tls.certFile,
      TLS_KEY_FILE: tls.keyFile,
      CONFIG_ADDRESS: surroundings.peers.config,
      TOKEN_BROKER_ADDRESS: surroundings.peers.tokenBroker,
      GOOGLE_API_ROOT_URL: surroundings.directory.url,
      SETUP_POLL_MS: '50',
      LOG_LEVEL: 'fatal',
    },
  });
  const ended = once(service, 'exit');
  const client = surroundings.connect(port);
  try {
    const status = () => client.getReadStatus({ customer: 'customers/acme' }, { timeoutMs: 5_000 });
    const isRead = () =>
      status().then(
        ({ lastCompleteReadNo }) => lastCompleteReadNo > 0n,
        () => false,
      );
    await until(async () => service.exitCode !== null || service.signalCode !== null || (await isRead()));
    expect(await status()).toMatchObject({ presentCount: 20_000n, incompleteParts: [] });
  } finally {
    client.close();
    service.kill('SIGTERM');
    await ended;
    await surroundings.stop();
  }
}, 120_000);
