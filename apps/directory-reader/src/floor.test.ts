import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createKafka, ensureTopics, runConsumer, topics, topicSpecs } from '@autoprov/kafka';
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
}, 180_000);

test('12,000 users of 4 kB each are read, mirrored and published, in one partition, by a process with a heap of 64 MB', async () => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
  const topicPrefix = `reader-${process.pid}-${Date.now()}.`;
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'test', topicPrefix, logger: silent });
  await ensureTopics(kafka, topicSpecs());
  const published = new Set<string>();
  const partitions = new Set<number>();
  const consumer = await runConsumer(kafka, {
    groupId: 'test',
    topics: [topics.users],
    handle: async ({ partition, records }) => {
      partitions.add(partition);
      for (const { key } of records) published.add(key);
    },
  });
  const people = plainPeople({ users: 12_000, groups: 1, membersPerGroup: 5_000 });
  for (const { id, organizations } of people.users.values()) organizations![0]!.description = id.padEnd(4_000, '.');
  const surroundings = await startSurroundings(people);
  surroundings.config.put(app, { groups: ['group001@example.com'] });
  const grpcAddress = `127.0.0.1:${await freePort()}`;
  const service = spawn(process.execPath, ['--max-old-space-size=64', '--conditions=@autoprov/source', main], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      ...surroundings.processEnv,
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: topicPrefix,
      GRPC_ADDRESS: grpcAddress,
      METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
      SETUP_POLL_MS: '50',
      LOG_LEVEL: 'fatal',
    },
  });
  const ended = once(service, 'exit');
  try {
    // Everybody, the group, and that the read is complete.
    const isDone = () => service.exitCode !== null || service.signalCode !== null || published.size === 12_002;
    await until(async () => isDone());
    expect([published.size, partitions.size]).toEqual([12_002, 1]);
  } finally {
    await consumer.stop();
    service.kill('SIGTERM');
    await ended;
    await surroundings.stop();
  }
}, 180_000);

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const silent = { error() {}, warn() {}, info() {}, debug() {} };
