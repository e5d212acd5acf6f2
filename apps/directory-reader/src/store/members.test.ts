import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, inTransaction, migrate, roleUrl, schemaName, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { migrationsDir } from '../server.ts';
import { listDoubted, markWhole, settleGroups } from './members.ts';

const USERS = 30_000;
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

/** Two such customers; PostgreSQL knows of the first only. */
async function fillBeside(known: string, fresh: string): Promise<void> {
  await fill(known);
  const admin = connect({ url: database.url, schema: 'directory-reader', applicationName: 'test', logger, max: 1 });
  for (const table of ['users', 'members']) await admin.query(`analyze "${schemaName('directory-reader')}".${table}`);
  await admin.end();
  await fill(fresh);
}

// With loops over all users for each user, the statement timeout of 30 s ends them.
test('groups of many users are settled in time also while PostgreSQL knows of other customers only', async () => {
  await fillBeside('known', 'new');
  await inTransaction(pool, (tx) => settleGroups(tx, 'new', groups));
  const { rows } = await pool.query(
    `select count(*) filter (where cardinality(groups) = 1) as settled from users where customer_id = 'new'`,
  );
  expect(rows).toEqual([{ settled: BigInt(USERS) }]);
}, 120_000);

test('so is who seems to have left a group that all the others are nested in', async () => {
  await fillBeside('known too', 'nested');
  await pool.query(`insert into interests (customer_id, kind, name) values ('nested', 'group', 'top')`);
  await pool.query(
    `insert into members (customer_id, group_key, kind, member_id, member_key, seen_read_no)
     select 'nested', 'top', 'group', name, name, 1 from unnest($1::text[]) name`,
    [groups],
  );
  for (const groupKey of ['top', ...groups]) await markWhole(pool, { customerId: 'nested', readNo: 1n, groupKey });
  await pool.query(`update users set groups = array['top'] where customer_id = 'nested'`);
  const doubted = () =>
    inTransaction(pool, (tx) => listDoubted(tx, { customerId: 'nested', readNo: 1n, membershipsUnknown: false }));
  expect(await doubted()).toEqual([]);
  await pool.query(`delete from members where customer_id = 'nested' and member_id = 'u77'`);
  expect(await doubted()).toHaveLength(GROUPS + 1);
}, 120_000);
