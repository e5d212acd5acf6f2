import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Pool } from './connect.ts';
import { assertFence, LeaseLostError, releaseLease, renewLease, takeLease, type Lease } from './leases.ts';
import { migrate } from './migrate.ts';
import { createTestDatabase } from './testing.ts';
import { inTransaction } from './transaction.ts';
import { withLease } from './with-lease.ts';

const silent = { info() {}, warn() {}, error() {} };
const ttlMs = 60_000;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  const migrationsDir = await mkdtemp(join(tmpdir(), 'migrations-'));
  await migrate({ adminUrl: database.url, service: 'leases', migrationsDir });
  await rm(migrationsDir, { recursive: true });
  pool = connect({ url: database.url, schema: 'leases', applicationName: 'leases.test', logger: silent, max: 20 });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function take(name: string, owner = 'a'): Promise<Lease> {
  return (await takeLease(pool, { name, owner, ttlMs }))!;
}

/** Moves the end into the past on the database's clock, which is the one that counts. */
async function expire(name: string): Promise<void> {
  await pool.query(`update leases set until = clock_timestamp() - interval '1 ms' where name = $1`, [name]);
}

test('of twenty who ask at once one gets a new, and one an expired lease', async () => {
  const name = randomUUID();
  const everyConnection = Array.from({ length: 20 }, (_, i) => `${i}`);
  await Promise.all(everyConnection.map(() => pool.query('select pg_sleep(0.05)')));
  for (let fence = 1n; fence <= 20n; fence++) {
    const asked = await Promise.all(everyConnection.map((owner) => takeLease(pool, { name, owner, ttlMs })));
    expect(asked.filter((lease) => lease !== undefined).map((lease) => lease.fence)).toEqual([fence]);
    await expire(name);
  }
});

test('a lease holds for its time by the clock of the database', async () => {
  const name = randomUUID();
  const { until } = await take(name);
  const { rows } = await pool.query<{ ms: number }>(
    `select (extract(epoch from $1::timestamptz - clock_timestamp()) * 1000)::float8 as ms`,
    [until],
  );
  expect(rows[0]!.ms).toBeGreaterThan(ttlMs - 10_000);
  expect(rows[0]!.ms).toBeLessThanOrEqual(ttlMs);
  expect(await takeLease(pool, { name, owner: 'a', ttlMs })).toBeUndefined();
});

test('a renewed lease keeps its fence and moves its end; an expired or a lost one cannot be renewed', async () => {
  const name = randomUUID();
  const mine = await take(name);
  const renewed = await renewLease(pool, mine, 2 * ttlMs);
  expect(renewed!.fence).toBe(mine.fence);
  expect(renewed!.until.getTime()).toBeGreaterThan(mine.until.getTime());
  expect(renewed!.heldUntilMs).toBeGreaterThan(mine.heldUntilMs);

  await expire(name);
  expect(await renewLease(pool, mine, ttlMs)).toBeUndefined();
  await take(name, 'b');
  expect(await renewLease(pool, mine, ttlMs)).toBeUndefined();
});

test('a released lease is free at once, its former owner fenced, and its fence goes on growing', async () => {
  const name = randomUUID();
  const mine = await take(name);
  await releaseLease(pool, mine);
  await expect(inTransaction(pool, (tx) => assertFence(tx, name, mine.fence))).rejects.toThrow(LeaseLostError);
  const next = await take(name, 'b');
  expect(next.fence).toBeGreaterThan(mine.fence);
  await releaseLease(pool, mine);
  expect(await takeLease(pool, { name, owner: 'c', ttlMs })).toBeUndefined();
});

test('a stale owner cannot write, and the next owner waits for a write that has begun', async () => {
  const name = randomUUID();
  const mine = await take(name);
  const order: string[] = [];
  let next: Promise<unknown> = Promise.resolve();
  await inTransaction(pool, async (tx) => {
    await assertFence(tx, name, mine.fence);
    await tx.query(`update leases set owner = owner where false`);
    next = (async () => {
      await expire(name);
      await take(name, 'b');
      order.push('taken');
    })();
    await waitUntilBlocked();
    order.push('written');
  });
  await next;
  expect(order).toEqual(['written', 'taken']);
  await expect(inTransaction(pool, (tx) => assertFence(tx, name, mine.fence))).rejects.toThrow(
    `lease "${name}" with fence 1 is lost: stop this work`,
  );
});

async function waitUntilBlocked(): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
  }
}

test('two owners never hold at once, though leases expire under them', async () => {
  const name = randomUUID();
  const seen: bigint[] = [];
  await pool.query('create table writes (position bigint generated always as identity, fence bigint)');
  const owner = async (id: number) => {
    while (seen.length < 60) {
      // So short that many expire between taking and writing.
      const lease = await takeLease(pool, { name, owner: `${id}`, ttlMs: 2 });
      if (!lease) continue;
      seen.push(lease.fence);
      await inTransaction(pool, async (tx) => {
        await assertFence(tx, name, lease.fence);
        await tx.query('insert into writes (fence) values ($1)', [lease.fence]);
      }).catch((err: unknown) => {
        if (!(err instanceof LeaseLostError)) throw err;
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, id) => owner(id)));
  expect(new Set(seen).size).toBe(seen.length);
  const { rows } = await pool.query<{ fence: bigint }>('select fence from writes order by position');
  const fences = rows.map(({ fence }) => fence);
  expect(fences.length).toBeGreaterThan(0);
  expect(fences).toEqual(fences.toSorted((a, b) => Number(a - b)));
});

test('withLease outlives its time by renewing, keeps others out meanwhile and gives the lease back', async () => {
  // Long enough for a renewal to come through on a busy machine.
  const request = { name: randomUUID(), owner: 'a', ttlMs: 2_000 };
  const ran = await withLease(pool, request, async ({ lost, fence, remainingMs }) => {
    const start = performance.now();
    while (performance.now() - start < 2 * request.ttlMs) {
      expect(await withLease(pool, { ...request, owner: 'b' }, async () => {})).toBe(false);
      expect(remainingMs()).toBeGreaterThan(0);
    }
    expect(lost.aborted).toBe(false);
    await inTransaction(pool, (tx) => assertFence(tx, request.name, fence));
  });
  expect(ran).toBe(true);
  expect(await withLease(pool, request, async () => {})).toBe(true);
});

test('withLease tells its work when another took the lease', async () => {
  const name = randomUUID();
  await withLease(pool, { name, owner: 'a', ttlMs: 150 }, async ({ lost, remainingMs }) => {
    await pool.query(`update leases set fence = fence + 1 where name = $1`, [name]);
    if (!lost.aborted) await once(lost, 'abort');
    expect(lost.reason).toBeInstanceOf(LeaseLostError);
    expect(remainingMs()).toBe(0);
  });
});

test('withLease tells its work when the database could not be asked in time', async () => {
  const name = randomUUID();
  const ownPool = connect({ url: database.url, schema: 'leases', applicationName: 'cut off', logger: silent });
  const work = withLease(ownPool, { name, owner: 'a', ttlMs: 150 }, async ({ lost }) => {
    await ownPool.end();
    if (!lost.aborted) await once(lost, 'abort');
    expect(lost.reason).toBeInstanceOf(LeaseLostError);
  });
  expect(await work).toBe(true);
});

test('withLease throws what its work throws, and the lease is free again', async () => {
  const request = { name: randomUUID(), owner: 'a', ttlMs };
  const failing = withLease(pool, request, () => Promise.reject(new Error('no luck')));
  await expect(failing).rejects.toThrow('no luck');
  expect(await takeLease(pool, request)).toBeDefined();
});
