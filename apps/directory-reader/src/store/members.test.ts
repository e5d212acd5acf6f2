import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, inTransaction, migrate, roleUrl, schemaName, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { migrationsDir } from '../server.ts';
import { settleGroups } from './members.ts';

const USERS = 10_000;
const GROUPS = 200;
const groups = Array.from({ length: GROUPS }, (_, i) => `g${i}`);
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

/** A customer whose users were just read, with everybody in one of the groups. */
async function fill(customerId: string): Promise<void> {
  await pool.query(
    `insert into users (customer_id, id, primary_email, state, org_unit_path, attributes, observed_at, seen_read_no)
     select $1, 'u' || i, '', 'active', '/', '{}', now(), 1 from generate_series(1, $2::int) i`,
    [customerId, USERS],
  );
  await pool.query(`insert into interests (customer_id, kind, name) select $1, 'group', unnest($2::text[])`, [
    customerId,
    groups,
  ]);
  await pool.query(
    `insert into members (customer_id, group_key, kind, member_id, member_key, seen_read_no)
     select $1, 'g' || i % $3::int, 'user', 'u' || i, '', 1 from generate_series(1, $2::int) i`,
    [customerId, USERS, GROUPS],
  );
}

test('groups of many users are settled in time also while PostgreSQL knows of other customers only', async () => {
  await fill('known');
  const admin = connect({ url: database.url, schema: 'directory-reader', applicationName: 'test', logger, max: 1 });
  await admin.query(`analyze "${schemaName('directory-reader')}".users`);
  await admin.query(`analyze "${schemaName('directory-reader')}".members`);
  await admin.end();
  await fill('new');
  // With loops over all users for each user, the statement timeout of 30 s ends it.
  await inTransaction(pool, (tx) => settleGroups(tx, 'new', groups));
  const { rows } = await pool.query(
    `select count(*) filter (where cardinality(groups) = 1) as settled from users where customer_id = 'new'`,
  );
  expect(rows).toEqual([{ settled: BigInt(USERS) }]);
}, 120_000);
