import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, LeaseLostError, migrate, takeLease, withLease, type HeldLease, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { createFencedWriter } from './write-fenced.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  const migrationsDir = new URL('../../migrations', import.meta.url).pathname;
  await migrate({ adminUrl: database.url, service: 'scim-pusher', migrationsDir });
  const logger = createLogger({ service: 'test', level: 'warn' });
  pool = connect({ url: database.url, schema: 'scim_pusher', applicationName: 'test', logger });
}, 60_000);

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const insertCustomer = (id: string) => (tx: { query: Pool['query'] }) =>
  tx.query<{ id: string }>(`insert into customers (customer_id) values ($1) returning customer_id as id`, [id]);
const request = (name: string) => ({ name, owner: 'test', ttlMs: 20_000 });

test('writes that come together each get their own result', async () => {
  await withLease(pool, request('together'), async (lease) => {
    const write = createFencedWriter(pool, lease);
    const ids = ['a1', 'a2', 'a3', 'a4'];
    const results = await Promise.all(ids.map((id) => write(insertCustomer(id))));
    expect(results.map(({ rows }) => rows[0]!.id)).toEqual(ids);
  });
}, 30_000);

test('a write that fails takes none of the others with it', async () => {
  await withLease(pool, request('alone'), async (lease) => {
    const write = createFencedWriter(pool, lease);
    const results = await Promise.allSettled(['b1', 'b2', 'b2', 'b3'].map((id) => write(insertCustomer(id))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    const { rows } = await pool.query(`select from customers where customer_id like 'b%'`);
    expect(rows).toHaveLength(3);
  });
}, 30_000);

test('nothing is written under a lease that another has taken', async () => {
  const lease = (await takeLease(pool, { ...request('lost'), ttlMs: 1 }))!;
  let taken: Awaited<ReturnType<typeof takeLease>>;
  do taken = await takeLease(pool, request('lost'));
  while (!taken);
  const held: HeldLease = { ...lease, lost: new AbortController().signal, remainingMs: () => 1_000 };
  const write = createFencedWriter(pool, held);
  await expect(write(insertCustomer('c1'))).rejects.toThrow(LeaseLostError);
  const { rows } = await pool.query(`select from customers where customer_id = 'c1'`);
  expect(rows).toEqual([]);
}, 30_000);
