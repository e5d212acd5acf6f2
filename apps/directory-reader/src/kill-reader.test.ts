import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createKafka, ensureTopics, runConsumer, topics, topicSpecs, type ConsumedBatch } from '@autoprov/kafka';
import { connect } from '@autoprov/postgres';
import { createLogger } from '@autoprov/service';
import { DirectoryEvent, DirectoryUser_State } from '@autoprov/proto';
import { freePort, plainPeople, type DirectoryState } from '@autoprov/testing';
import { membersOf } from './chronicle.fixture.ts';
import { foldUsers, startSurroundings, until } from './reader-network.fixture.ts';
import { findCustomer, requestRead } from './store/customers.ts';

/** KILLS=100 for the full form. */
const KILLS = Number(process.env['KILLS'] ?? 8);
const USERS = 1_200;
const PAGE = 60;
const group = 'group001@example.com';
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const logger = createLogger({ service: 'test', level: 'fatal' });

test(
  `killed ${KILLS} times in full passes: nothing is lost, no older state comes after a newer one, and each read goes on where it broke off`,
  async () => {
    await using world = await startWorld();
    const { directory } = world.surroundings;
    const busy = keepBusy(directory);
    const broken = { inList: 0, inGroups: 0, afterwards: 0, between: 0 };
    for (let i = 0; i < KILLS; i++) broken[await world.killReader()]++;
    await busy.stop();
    const status = await world.settle();

    const counts = directory.run({ do: 'counts' });
    const pages = Math.ceil(USERS / PAGE);
    process.stdout.write(
      `kill test: ${KILLS} kills (${JSON.stringify(broken)}), ${busy.changes()} changes, ${status.readNo} reads begun, ` +
        `${counts.usersList} user pages asked for (${pages} a read), ${counts.membersList} member pages, ` +
        `${world.records.length} records\n`,
    );
    expect(broken.inList + broken.inGroups).toBeGreaterThan(KILLS / 4);
    expect(counts.usersList).toBeLessThanOrEqual(Number(status.readNo) * pages + KILLS);
    expect(findDisorder(world.records)).toEqual([]);
    expectTruth(directory.state, world.records);
  },
  60_000 + KILLS * 15_000,
);

type Record = ConsumedBatch['records'][number] & { topic: string };

/** What surrounds two replicas, one of them reading, and a consumer of all they publish. */
async function startWorld() {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run the tests with "npm test" at the root, which starts Kafka');
  const topicPrefix = `kill-reader-${process.pid}-${Date.now()}.`;
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'test', topicPrefix, logger });
  await ensureTopics(kafka, topicSpecs());
  const records: Record[] = [];
  const handle = async (batch: ConsumedBatch) =>
    void records.push(...batch.records.map((record) => ({ ...record, topic: batch.topic })));
  const consumer = await runConsumer(kafka, { groupId: 'test', topics: [topics.users], handle });
  const surroundings = await startSurroundings(plainPeople({ users: USERS, groups: 10, membersPerGroup: 150 }));
  const { directory, databaseUrl } = surroundings;
  directory.run({ do: 'setPageSize', most: PAGE });
  directory.run({ do: 'setLatency', latencyMs: 15 });
  surroundings.config.put('customers/acme/apps/crm', {
    groups: [...directory.state.groups.values()].map(({ email }) => email),
  });
  const pool = connect({ url: databaseUrl, schema: 'directory-reader', applicationName: 'test', logger, max: 2 });
  const replicas = new Map<number, ChildProcess>();

  async function startReplica(): Promise<void> {
    const replica = spawn(process.execPath, ['--conditions=@autoprov/source', main], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        ...surroundings.processEnv,
        KAFKA_BROKERS: brokers,
        KAFKA_TOPIC_PREFIX: topicPrefix,
        GRPC_ADDRESS: `127.0.0.1:${await freePort()}`,
        METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
        GOOGLE_REQUESTS_PER_MINUTE: '1000000',
        POLL_INTERVAL_MS: '50',
        SETUP_POLL_MS: '200',
        LOG_LEVEL: 'fatal',
      },
    });
    replicas.set(replica.pid!, replica);
  }
  /** The replica that reads the customer. */
  async function findReader(): Promise<ChildProcess | undefined> {
    const { rows } = await pool.query<{ pid: string }>(
      `select split_part(owner, '/', 3) as pid from leases where name = 'read acme' and until > clock_timestamp()`,
    );
    return rows[0] && replicas.get(Number(rows[0].pid));
  }
  /** What the read under way has come to. */
  async function findPlace(): Promise<'inList' | 'inGroups' | 'afterwards' | 'between'> {
    const customer = (await findCustomer(pool, 'acme'))!;
    if (!customer.startTime) return 'between';
    const { rows } = await pool.query(
      `select from lists where customer_id = 'acme' and part = 'users' and ended = '{}'`,
    );
    if (rows.length > 0) return 'inList';
    return customer.groupsRead < 10 ? 'inGroups' : 'afterwards';
  }
  await startReplica();
  await startReplica();
  return {
    surroundings,
    records,
    /** Kills the reading replica at some moment, and starts another; answers where in a read it was. */
    async killReader() {
      let reader: ChildProcess | undefined;
      await until(async () => (reader = await findReader()) !== undefined);
      await delay(Math.random() * 2_000);
      reader = (await findReader()) ?? reader!;
      const ended = once(reader, 'exit');
      reader.kill('SIGKILL');
      await ended;
      replicas.delete(reader.pid!);
      const place = await findPlace();
      // As if the time of the dead one's leases had passed.
      await pool.query(`update leases set until = 'epoch' where owner like '%/' || $1 || '/%'`, [String(reader.pid)]);
      await startReplica();
      return place;
    },
    /** Lets a read begin and end, and waits until all is published. */
    async settle() {
      await requestRead(pool, 'acme');
      const { readNo } = (await findCustomer(pool, 'acme'))!;
      await until(async () => (await findCustomer(pool, 'acme'))!.lastReadNo > readNo);
      const status = (await findCustomer(pool, 'acme'))!;
      const { rows } = await pool.query<{ seq: bigint }>(`select announced_seq as seq from customers`);
      const isLast = ({ value }: Record) => DirectoryEvent.decode(value!).seq === rows[0]!.seq;
      await until(async () => records.some(isLast));
      return status;
    },
    async [Symbol.asyncDispose]() {
      for (const replica of replicas.values()) {
        const ended = once(replica, 'exit');
        replica.kill('SIGKILL');
        await ended;
      }
      await pool.end();
      await consumer.stop();
      await surroundings.stop();
    },
  };
}

/** Changes people all the time: each change of somebody has a higher number than the one before. */
function keepBusy({ state, run }: Awaited<ReturnType<typeof startSurroundings>>['directory']) {
  const stopping = new AbortController();
  const people = [...state.users.keys()].slice(1);
  let changes = 0;
  const changing = (async () => {
    while (!stopping.signal.aborted) {
      changes++;
      const user = people[Math.floor(Math.random() * people.length)]!;
      run({ do: 'update', user, set: { organizations: [{ primary: true, title: String(changes) }] } });
      if (changes % 10 === 0) run({ do: 'addMember', group, user });
      if (changes % 97 === 0) run({ do: 'delete', user: people.pop()! });
      await delay(20);
    }
  })();
  return {
    changes: () => changes,
    async stop() {
      stopping.abort();
      await changing;
    },
  };
}

/** Records whose first coming was after one with a higher seq, or a newer state, of the same key. */
function findDisorder(records: Record[]): string[] {
  const last = new Map<string, { seq: bigint; title: number }>();
  const seen = new Map<string, Buffer>();
  return records.flatMap(({ key, value, offset }) => {
    const { seq, event } = DirectoryEvent.decode(value!);
    const again = seen.get(`${key} ${seq}`);
    if (again) return again.equals(value!) ? [] : [`${key} at ${offset}: another state under a seq that was used`];
    seen.set(`${key} ${seq}`, value!);
    const organizations = event?.$case === 'user' ? event.value.attributes?.['organizations'] : undefined;
    const title = Number((organizations as { title: string }[] | undefined)?.[0]?.title) || 0;
    const before = last.get(key);
    last.set(key, { seq, title });
    if (!before || (seq > before.seq && title >= before.title)) return [];
    return [`${key} at ${offset}: seq ${seq} after ${before.seq}, title ${title} after ${before.title}`];
  });
}

function expectTruth(state: DirectoryState, records: Record[]): void {
  const copy = foldUsers(records.map((record) => ({ ...record, topic: topics.users, partitionKey: 'acme' })));
  const members = new Map([...state.groups.values()].map(({ email }) => [email, membersOf(state, email)]));
  const { STATE_ACTIVE, STATE_DELETED } = DirectoryUser_State;
  const told = [...copy].map(([id, user]) => {
    const organizations = user.attributes?.['organizations'] as { title: string }[];
    return {
      id,
      state: user.state,
      ...(user.state === STATE_ACTIVE && { title: organizations[0]!.title, groups: user.groups }),
    };
  });
  // Who left before the first read was never told of.
  const known = [...state.users.values()].filter(({ id, deletionTime }) => !deletionTime || copy.has(id));
  const expected = known.map(({ id, deletionTime, organizations }) => ({
    id,
    state: deletionTime ? STATE_DELETED : STATE_ACTIVE,
    ...(!deletionTime && {
      title: organizations![0]!.title,
      groups: [...members].flatMap(([email, ids]) => (ids.has(id) ? [email] : [])),
    }),
  }));
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(told.sort(byId)).toEqual(expected.sort(byId));
}
