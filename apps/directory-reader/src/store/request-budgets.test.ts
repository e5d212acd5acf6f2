import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, migrate, roleUrl, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { migrationsDir } from '../server.ts';
import { findPauseMs, findRequestsPerMinute, giveBack, slowDown, takeRequest } from './request-budgets.ts';

const logger = createLogger({ service: 'test', level: 'fatal' });
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'directory-reader', migrationsDir });
  const url = roleUrl(database.url, 'directory-reader');
  pool = connect({ url, schema: 'directory-reader', applicationName: 'test', logger });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

let customers = 0;
const newCustomer = () => `c${++customers}`;
/** One a second. */
const slow = { requestsPerMinute: 60 };
const perMinute = (customer: string) => findRequestsPerMinute(pool, customer, slow);

async function takeMany(customer: string, count: number): Promise<number[]> {
  const waits = [];
  for (let i = 0; i < count; i++) waits.push((await takeRequest(pool, customer, slow)).waitMs);
  return waits;
}

/** Everything of the customer's budget happened so much earlier. */
async function letPass(customer: string, seconds: number): Promise<void> {
  await pool.query(
    `update request_budgets set refilled_at = refilled_at - $2 * interval '1 second', slowed_at = slowed_at - $2 * interval '1 second'
     where customer_id = $1`,
    [customer, seconds],
  );
}

test('a minute’s requests may go at once, and then each waits behind the one before', async () => {
  const customer = newCustomer();
  const waits = await takeMany(customer, 63);
  expect(waits.slice(0, 60).every((ms) => ms === 0)).toBe(true);
  for (const [i, ms] of waits.slice(60).entries()) {
    expect(ms).toBeGreaterThan(i * 1000 - 1);
    expect(ms).toBeLessThanOrEqual((i + 1) * 1000);
  }
  expect(await takeMany(newCustomer(), 1)).toEqual([0]);
});

test('takers at the same moment get turns one after another, never two the same', async () => {
  const customer = newCustomer();
  const turns = await Promise.all(Array.from({ length: 80 }, () => takeRequest(pool, customer, slow)));
  const at = turns.map(({ takenAt, waitMs }) => takenAt.getTime() + waitMs).sort((a, b) => a - b);
  expect(turns.filter(({ waitMs }) => waitMs === 0)).toHaveLength(60);
  for (let i = 61; i < at.length; i++) expect(at[i]! - at[i - 1]!).toBeGreaterThan(900);
});

test('what is given back is there for the next', async () => {
  const customer = newCustomer();
  await takeMany(customer, 60);
  await giveBack(pool, customer);
  expect(await takeMany(customer, 1)).toEqual([0]);
});

test('a refusal stops everybody for a while and halves the rate, once for all that were under way', async () => {
  const customer = newCustomer();
  const { takenAt } = await takeRequest(pool, customer, slow);
  await Promise.all(Array.from({ length: 8 }, () => slowDown(pool, customer, { ...slow, takenAt, pauseMs: 5_000 })));
  expect(await perMinute(customer)).toBeCloseTo(30, 0);
  expect(await findPauseMs(pool, customer)).toBeGreaterThan(4_500);
  const [next] = await takeMany(customer, 1);
  expect(next).toBeGreaterThan(6_500); // the pause, and two seconds for one request
  expect(next).toBeLessThanOrEqual(7_000);
});

test('a second refusal halves again, but never to nothing', async () => {
  const customer = newCustomer();
  for (let i = 0; i < 20; i++) {
    const { takenAt } = await takeRequest(pool, customer, slow);
    await slowDown(pool, customer, { ...slow, takenAt: new Date(takenAt.getTime() + 1), pauseMs: 0 });
    await letPass(customer, 0.01);
  }
  expect(await perMinute(customer)).toBeCloseTo(1, 0);
});

test('the rate grows back slowly, up to what is allowed and no further', async () => {
  const customer = newCustomer();
  const { takenAt } = await takeRequest(pool, customer, slow);
  await slowDown(pool, customer, { ...slow, takenAt, pauseMs: 0 });
  await letPass(customer, 100);
  expect(await perMinute(customer)).toBeCloseTo(40, 0);
  // While slowed down there is no burst.
  expect((await takeMany(customer, 2)).filter((ms) => ms === 0)).toHaveLength(1);
  await letPass(customer, 10_000);
  expect(await perMinute(customer)).toBe(60);
});
