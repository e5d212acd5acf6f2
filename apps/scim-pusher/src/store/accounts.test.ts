import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Db } from '@autoprov/postgres';
import type { ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { wakeReferring } from './due-people.ts';

const key = { customerId: 'acme', appId: 'crm' };
const count = 5_000;
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ baseUrl: 'https://127.0.0.1:1/scim', token: 'none' } as ServiceProvider);
  await app.pool.query(
    `insert into accounts (customer_id, app_id, user_id, scim_id, state, accepted)
     select 'acme', 'crm', n::text, 'id-' || n, 'active',
       jsonb_build_object('urn:x:User', jsonb_build_object('manager', jsonb_build_object('value', 'id-' || n / 10)))
     from generate_series(1, ${count}) as n`,
  );
  await app.pool.query('analyze accounts');
}, 60_000);
afterAll(() => app.stop());

test('who names a deleted account as the manager is due, and nobody else', async () => {
  const now = new Date();
  await wakeReferring(app.pool, key, 'id-77', now);
  const { rows } = await app.pool.query(`select user_id from accounts where due_at is not null order by 1`);
  expect(rows.map(({ user_id: id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => String(770 + i)));
});

test('who names a deleted account as the manager is found by an index, not by reading all accounts of the app', async () => {
  let plan = '';
  const explaining: Pick<Db, 'query'> = {
    async query(text: string, values?: unknown[]) {
      const { rows } = await app.pool.query(`explain ${text}`, values);
      plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      return { rows: [], rowCount: 0, command: 'UPDATE' };
    },
  };
  await wakeReferring(explaining as Db, key, 'id-77', new Date());
  expect(plan).toContain('accounts_managers');
});
