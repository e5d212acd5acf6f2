import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { connect, type Pool } from './connect.ts';
import { isUnavailable, isUniqueViolation } from './errors.ts';
import { createTestDatabase, runAsAdmin } from './testing.ts';
import { inTransaction } from './transaction.ts';

const silent = { info() {}, warn() {}, error() {} };
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await runAsAdmin(
    database.url,
    `create schema things; create table things.users (id bigint primary key, name text unique)`,
  );
  pool = connectTo(database.url, 'things');
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function connectTo(url: string, schema: string, max = 10): Pool {
  return connect({ url, schema, applicationName: 'connect.test', logger: silent, max });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (err: unknown) => err,
  );
}

async function backendId(db: Pick<Pool, 'query'>): Promise<number> {
  const { rows } = await db.query<{ id: number }>('select pg_backend_pid() as id');
  return rows[0]!.id;
}

test('a session sees its schema and has limits for statements and idle transactions', async () => {
  const { rows } = await pool.query(
    `select current_setting('search_path') as path, current_setting('statement_timeout') as statement,
            current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as app`,
  );
  expect(rows).toEqual([{ path: 'things', statement: '30s', idle: '30s', app: 'connect.test' }]);
});

test('options in the URL win over the defaults', async () => {
  const patient = connectTo(`${database.url}?options=-c%20statement_timeout%3D5min`, 'things');
  const { rows } = await patient.query(`select current_setting('statement_timeout') as statement`);
  await patient.end();
  expect(rows).toEqual([{ statement: '5min' }]);
});

test('int8 beyond 2^53, times, bytes and JSON come back as they were given', async () => {
  const values = [2n ** 62n, new Date('2026-11-23T10:20:30.456Z'), Buffer.from([0, 255]), { a: ['ü'] }];
  const { rows } = await pool.query(
    `select $1::int8 as n, array[$1::int8, null] as ns, $2::timestamptz as t, $3::bytea as b, $4::jsonb as j`,
    values,
  );
  expect(rows).toEqual([{ n: values[0], ns: [values[0], null], t: values[1], b: values[2], j: values[3] }]);
});

test('a unique violation is told from other errors, and by constraint', async () => {
  await pool.query(`insert into users values (1, 'ada')`);
  const err = await failureOf(pool.query(`insert into users values (2, 'ada')`));
  expect(isUniqueViolation(err)).toBe(true);
  expect(isUniqueViolation(err, 'users_name_key')).toBe(true);
  expect(isUniqueViolation(err, 'users_pkey')).toBe(false);
  expect(isUniqueViolation(await failureOf(pool.query(`insert into users values (null)`)))).toBe(false);
});

test('a failed statement does not cost the connection', async () => {
  const single = connectTo(database.url, 'things', 1);
  const before = await backendId(single);
  await failureOf(single.query('select 1 / 0'));
  expect(await backendId(single)).toBe(before);
  await single.end();
});

test('a transaction commits when its function resolves and leaves nothing when it throws', async () => {
  await inTransaction(pool, (tx) => tx.query(`insert into users values (10, 'kept')`));
  const failed = inTransaction(pool, async (tx) => {
    await tx.query(`insert into users values (11, 'dropped')`);
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  const { rows } = await pool.query('select id from users where id in (10, 11)');
  expect(rows).toEqual([{ id: 10n }]);
});

test('a transaction whose failed statement was swallowed does not pass for committed', async () => {
  const swallowed = inTransaction(pool, async (tx) => {
    await tx.query(`insert into users values (12, 'lost')`);
    await tx.query('select 1 / 0').catch(() => {});
  });
  await expect(swallowed).rejects.toThrow('nothing was committed');
});

test('a transaction runs at the isolation asked for', async () => {
  const { rows } = await inTransaction(pool, (tx) => tx.query('show transaction_isolation'), {
    isolation: 'serializable',
  });
  expect(rows).toEqual([{ transaction_isolation: 'serializable' }]);
});

test('a transaction cannot be used after its end', async () => {
  const leaked = await inTransaction(pool, async (tx) => tx);
  await expect(leaked.query('select 1')).rejects.toThrow('await every query');
});

test('connections killed while idle and between two statements are replaced, and reported as unavailable', async () => {
  const single = connectTo(database.url, 'things', 1);
  const kill = async (id: number) => {
    await pool.query('select pg_terminate_backend($1, 5000)', [id]);
  };
  await kill(await backendId(single));
  const err = await failureOf(
    inTransaction(single, async (tx) => {
      await kill(await backendId(tx));
      await tx.query('select 1');
    }),
  );
  expect(isUnavailable(err)).toBe(true);
  expect(single.status().open).toBe(0);
  await single.query('select 1');
  await single.end();
});

test('an unreachable server, a database that is not there and a full pool are told apart', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  const { port } = await new Promise<{ port: number }>((resolve) =>
    nobody.once('listening', () => resolve(nobody.address() as { port: number })),
  );
  await new Promise((resolve) => nobody.close(resolve));
  const unreachable = connectTo(`postgres://someone@127.0.0.1:${port}/db`, 'things');
  expect(isUnavailable(await failureOf(unreachable.query('select 1')))).toBe(true);

  const misnamed = new URL(database.url);
  misnamed.pathname = `/t_${randomBytes(6).toString('hex')}`;
  const missing = connectTo(misnamed.href, 'things');
  expect(isUnavailable(await failureOf(missing.query('select 1')))).toBe(false);

  const single = connectTo(database.url, 'things', 1);
  const waited = await single.onOneConnection(() => failureOf(single.query('select 1')));
  expect(isUnavailable(waited)).toBe(true);
  await Promise.all([unreachable.end(), missing.end(), single.end()]);
}, 15_000);
