import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Pool } from './connect.ts';
import { migrate } from './migrate.ts';
import { addToOutbox, outboxStatus, type OutboxRecord } from './outbox.ts';
import { runOutboxRelay, type OutboxRelay } from './outbox-relay.ts';
import { createTestDatabase } from './testing.ts';
import { inTransaction } from './transaction.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
const relays: OutboxRelay[] = [];

const warnings: object[] = [];
const logger = { info() {}, warn: (fields: object) => void warnings.push(fields), error() {} };

beforeAll(async () => {
  database = await createTestDatabase();
  const migrationsDir = await mkdtemp(join(tmpdir(), 'migrations-'));
  await migrate({ adminUrl: database.url, service: 'outbox', migrationsDir });
  await rm(migrationsDir, { recursive: true });
  pool = connect({ url: database.url, schema: 'outbox', applicationName: 'outbox.test', logger, max: 20 });
});

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await pool.query('truncate outbox');
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function startRelay(publish: (records: OutboxRecord[]) => Promise<void>, batch = 1000): OutboxRelay {
  const relay = runOutboxRelay({ pool, name: 'test', publish, logger, batch });
  relays.push(relay);
  return relay;
}

function record(key: string, seq: number | bigint = 1, value: Buffer | null = null): OutboxRecord {
  return { topic: 'users', partitionKey: 'customer', key, value, headers: { seq: `${seq}` } };
}

test('records are published as they were added, in that order, and leave the outbox', async () => {
  const records = [record('ü, "quoted" \\ and {}', 1, Buffer.from([0, 1, 255])), record('b', 2), record('a', 3)];
  await inTransaction(pool, (tx) => addToOutbox(tx, records));
  await addToOutbox(pool, []);
  expect(await outboxStatus(pool)).toEqual({ pendingCount: 3, oldestAgeMs: expect.any(Number) });

  const published: OutboxRecord[] = [];
  await startRelay(async (batch) => void published.push(...batch)).drained();
  expect(published).toEqual(records.map((sent) => expect.objectContaining(sent)));
  expect(await outboxStatus(pool)).toEqual({ pendingCount: 0, oldestAgeMs: 0 });
});

test('a row that commits after rows with higher ids is published all the same', async () => {
  const published: string[] = [];
  const relay = startRelay(async (batch) => void published.push(...batch.map(({ key }) => key)));
  await inTransaction(pool, async (tx) => {
    await addToOutbox(tx, [record('early id, late commit')]);
    await addToOutbox(pool, [record('late id, early commit')]);
    await relay.drained();
  });
  await relay.drained();
  expect(published).toEqual(['late id, early commit', 'early id, late commit']);
});

test('a publish that fails is logged and tried again until it succeeds, and keeps the order', async () => {
  await addToOutbox(pool, [record('a', 1), record('b', 2), record('c', 3)]);
  const attempts: string[][] = [];
  const relay = startRelay(async (batch) => {
    attempts.push(batch.map(({ key }) => key));
    if (attempts.length < 3) throw new Error('no broker');
  }, 2);
  await relay.drained();
  expect(attempts).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['c']]);
  expect(warnings.slice(-2)).toEqual([
    expect.objectContaining({ failures: 1, outbox: 'test' }),
    expect.objectContaining({ failures: 2, outbox: 'test' }),
  ]);
});

test('a relay goes on after the database closed its connections', async () => {
  let published = 0;
  const relay = startRelay(async (batch) => void (published += batch.length));
  await addToOutbox(pool, [record('a')]);
  await relay.drained();
  const admin = connect({ url: database.url, schema: 'outbox', applicationName: 'killer', logger });
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'outbox.test'`);
  await addToOutbox(admin, [record('b')]);
  while ((await outboxStatus(admin)).pendingCount > 0) await sleep(20);
  await admin.end();
  expect(published).toBe(2);
});

test('stopping lets the batch under way finish, and a stopped relay says so when asked to drain', async () => {
  await addToOutbox(pool, [record('a'), record('b')]);
  const publishing = Promise.withResolvers<void>();
  const broker = Promise.withResolvers<void>();
  const relay = startRelay(async () => {
    publishing.resolve();
    await broker.promise;
  }, 1);
  await publishing.promise;
  const stopped = relay.stop();
  broker.resolve();
  await stopped;
  expect((await outboxStatus(pool)).pendingCount).toBe(1);
  await expect(relay.drained()).rejects.toThrow('start one to drain it');
});

test('a wake-up is followed at once, and one that comes while rows are sent is not forgotten', async () => {
  const published: string[] = [];
  const relay = runOutboxRelay({
    pool,
    name: 'test',
    logger,
    pollMs: 3_600_000,
    async publish(batch) {
      published.push(...batch.map(({ key }) => key));
      if (published.length > 1) return;
      await addToOutbox(pool, [record('b')]);
      relay.wake();
    },
  });
  relays.push(relay);
  await relay.drained();
  await addToOutbox(pool, [record('a')]);
  relay.wake();
  while (published.length < 2) await sleep(5);
  expect(published).toEqual(['a', 'b']);
});

test('of two relays one works; the other takes over when it stops', async () => {
  const published: string[] = [];
  const first = startRelay(async (batch) => void published.push(...batch.map(({ key }) => `first ${key}`)));
  await addToOutbox(pool, [record('a')]);
  await first.drained();
  const second = startRelay(async (batch) => void published.push(...batch.map(({ key }) => `second ${key}`)));
  await addToOutbox(pool, [record('b')]);
  await second.drained();
  await first.stop();
  await addToOutbox(pool, [record('c')]);
  await second.drained();
  expect(published).toEqual(['first a', 'first b', 'second c']);
});

test('20,000 rows of 1 kB are each published once, in order', async () => {
  const value = Buffer.alloc(1000, 'x');
  for (let n = 0; n < 20_000; n += 2000) {
    await addToOutbox(
      pool,
      Array.from({ length: 2000 }, (_, i) => record('key', n + i, value)),
    );
  }
  let published = 0;
  let inOrder = true;
  const start = performance.now();
  await startRelay(async (batch) => {
    for (const { headers } of batch) inOrder &&= headers['seq'] === `${published++}`;
  }).drained();
  const rowsPerSecond = published / ((performance.now() - start) / 1000);
  process.stdout.write(`outbox relay: ${Math.round(rowsPerSecond)} rows/s\n`);
  expect({ published, inOrder }).toEqual({ published: 20_000, inOrder: true });
}, 30_000);

/** Some of them frozen first, so that the relay wakes up overtaken. */
const killsWanted = 12;

test('nothing is lost or published out of order while relays are killed and frozen and eight writers go on', async () => {
  await pool.query(`
    create table published (arrival bigint generated always as identity primary key, key text, seq bigint);
    create table counters (key text primary key, seq bigint not null);
    insert into counters select 'key ' || n, 0 from generate_series(1, 200) n`);
  const disturbed = new AbortController();
  const writing = Promise.all(Array.from({ length: 8 }, () => writeUntil(disturbed.signal)));
  const { kills, freezes } = await disturbRelays(killsWanted).finally(() => disturbed.abort());
  const committed = (await writing).flat();
  await startRelay(async (batch) => {
    for (const { key, headers } of batch) {
      await pool.query('insert into published (key, seq) values ($1, $2)', [key, headers['seq']]);
    }
  }).drained();

  const { rows } = await pool.query<{ key: string; seq: bigint }>('select key, seq from published order by arrival');
  const published = new Set(rows.map(({ key, seq }) => `${key}/${seq}`));
  process.stdout.write(
    `outbox loss test: ${committed.length} rows, ${kills} kills, ${freezes} freezes, ` +
      `${rows.length - published.size} duplicates\n`,
  );
  expect(kills).toBeGreaterThanOrEqual(killsWanted);
  expect(committed.filter((row) => !published.has(row))).toEqual([]);
  expect(published.size).toBe(committed.length);
  expect(firstTimesOutOfOrder(rows)).toEqual([]);
}, 60_000);

/** Transactions of random length over random keys, some rolled back; returns what was committed as key/seq. */
async function writeUntil(end: AbortSignal): Promise<string[]> {
  const committed: string[] = [];
  while (!end.aborted) {
    const rows: string[] = [];
    await inTransaction(pool, async (tx) => {
      const keys = Array.from({ length: 1 + Math.random() * 5 }, () => `key ${1 + Math.floor(Math.random() * 200)}`);
      // In one order, so that two writers never wait for each other.
      for (const key of keys.toSorted()) {
        const update = 'update counters set seq = seq + 1 where key = $1 returning seq';
        const { seq } = (await tx.query<{ seq: bigint }>(update, [key])).rows[0]!;
        await addToOutbox(tx, [record(key, seq)]);
        rows.push(`${key}/${seq}`);
        await tx.query('select pg_sleep(random() ^ 8 / 10)');
      }
      if (Math.random() < 0.2) throw new Error('rolled back');
    }).then(
      () => committed.push(...rows),
      (err: Error) => {
        if (err.message !== 'rolled back') throw err;
      },
    );
  }
  return committed;
}

/** Starts relay processes and kills each soon after its first batch; every other is frozen past its lease before. */
async function disturbRelays(killsWanted: number): Promise<{ kills: number; freezes: number }> {
  const done = { kills: 0, freezes: 0 };
  const startProcess = async () => {
    const child = fork(new URL('./outbox-relay.process.ts', import.meta.url), [database.url], {
      execArgv: ['--conditions=@autoprov/source'],
    });
    // It comes when the first batch is about to be published.
    await once(child, 'message');
    await sleep(Math.random() * 40);
    return child;
  };
  const kill = async (child: Awaited<ReturnType<typeof startProcess>>) => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    done.kills += 1;
  };
  while (done.kills < killsWanted) {
    const child = await startProcess();
    if (done.kills % 2 === 0) {
      child.kill('SIGSTOP');
      done.freezes += 1;
      const successor = await startProcess();
      child.kill('SIGCONT');
      await sleep(50);
      await kill(successor);
    }
    await kill(child);
  }
  return done;
}

function firstTimesOutOfOrder(rows: { key: string; seq: bigint }[]): string[] {
  const highest = new Map<string, bigint>();
  const seen = new Set<string>();
  const outOfOrder: string[] = [];
  for (const { key, seq } of rows) {
    if (seen.has(`${key}/${seq}`)) continue;
    seen.add(`${key}/${seq}`);
    if (seq < (highest.get(key) ?? 0n)) outOfOrder.push(`${key}/${seq}`);
    else highest.set(key, seq);
  }
  return outOfOrder;
}
