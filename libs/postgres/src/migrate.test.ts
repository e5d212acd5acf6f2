import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Pool } from './connect.ts';
import { checkMigrated, migrate } from './migrate.ts';
import { roleName, roleUrl, schemaName } from './names.ts';
import { passwordVerifier } from './roles.ts';
import { createTestDatabase, runAsAdmin } from './testing.ts';

const silent = { info() {}, warn() {}, error() {} };
// Roles are the cluster's: a name of our own keeps other suites out.
const run = randomBytes(4).toString('hex');
const service = `mig-${run}`;
const neighbour = `nei-${run}`;
const shared = ['0001_leases.sql', '0002_outbox.sql'];
const first = { '0001_users.sql': 'create table users (id bigserial primary key, name text);' };
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let migrationsDir: string;
const pools: Pool[] = [];

beforeAll(async () => {
  migrationsDir = await mkdtemp(join(tmpdir(), 'migrations-'));
});

beforeEach(async () => {
  database = await createTestDatabase();
  await give(first);
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  await database.drop();
  await rm(migrationsDir, { recursive: true });
  migrationsDir = await mkdtemp(join(tmpdir(), 'migrations-'));
});

afterAll(async () => {
  await rm(migrationsDir, { recursive: true });
  const url = process.env['DATABASE_URL']!;
  await runAsAdmin(url, `drop role if exists ${roleName(service)}, ${roleName(neighbour)}`);
});

async function give(files: Record<string, string>): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, sql]) => writeFile(join(migrationsDir, name), sql)));
}

function migrateIt(adminUrl = database.url, password?: string): Promise<string[]> {
  return migrate({ adminUrl, service, migrationsDir, ...(password === undefined ? {} : { password }) });
}

function connectAs(url: string, name = service): Pool {
  const pool = connect({ url, schema: name, applicationName: 'migrate.test', logger: silent });
  pools.push(pool);
  return pool;
}

test('files are applied once, in order, after the tables of this library', async () => {
  await give({ '0002_mail.sql': 'alter table users add mail text;' });
  expect(await migrateIt()).toEqual([...shared, '0001_users.sql', '0002_mail.sql']);
  expect(await migrateIt()).toEqual([]);
  await give({ '0003_more.sql': 'alter table users add more text;' });
  expect(await migrateIt()).toEqual(['0003_more.sql']);
  await connectAs(database.url).query('select id, name, mail, more from users');
});

test('of ten concurrent migrators one applies each file and all succeed', async () => {
  const applied = await Promise.all(Array.from({ length: 10 }, () => migrateIt()));
  expect(applied.flat().toSorted()).toEqual([...shared, '0001_users.sql'].toSorted());
});

test('migrators in several databases of a cluster can make the same role and set its password at once', async () => {
  const databases = await Promise.all(Array.from({ length: 5 }, () => createTestDatabase()));
  await Promise.all(databases.flatMap(({ url }) => [migrateIt(url, 's3cret'), migrateIt(url, 's3cret')]));
  await Promise.all(databases.map(({ drop }) => drop()));
}, 30_000);

test('two services of one database can be migrated at once', async () => {
  const both = [service, neighbour].map((name) => migrate({ adminUrl: database.url, service: name, migrationsDir }));
  expect((await Promise.all(both)).map((applied) => applied.length)).toEqual([3, 3]);
});

test('a service reads and writes the rows of its own schema and can do nothing else', async () => {
  await migrateIt();
  await migrate({ adminUrl: database.url, service: neighbour, migrationsDir });
  const pool = connectAs(roleUrl(database.url, service));
  await pool.query(`insert into users (name) values ('ada')`);
  await pool.query(`update users set name = 'grace'`);
  await pool.query('delete from users');

  const forbidden = [
    `select * from ${schemaName(neighbour)}.users`,
    'drop table users',
    'alter table users add x int',
    `create table ${schemaName(service)}.mine (id int)`,
    'create table public.mine (id int)',
    'create schema mine',
    'delete from schema_migrations',
  ];
  for (const sql of forbidden) await expect(pool.query(sql)).rejects.toThrow(/permission denied|must be owner/);
});

test('a migration can take a right away from the service for good', async () => {
  await give({
    '0002_audit.sql': `create table audit (line text); revoke update, delete on audit from ${roleName(service)};`,
  });
  await migrateIt();
  await migrateIt();
  const pool = connectAs(roleUrl(database.url, service));
  await pool.query(`insert into audit values ('once written')`);
  await expect(pool.query('delete from audit')).rejects.toThrow('permission denied');
});

test('the role carries the settings of its sessions, for poolers that drop start-up options', async () => {
  await migrateIt();
  const { rows } = await connectAs(database.url).query<{ settings: string[] }>(
    `select setconfig as settings from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
     where d.datname = current_database() and s.setrole = $1::regrole`,
    [roleName(service)],
  );
  expect(rows[0]!.settings).toContain(`search_path=${schemaName(service)}`);
});

test('a password reaches the server only as the verifier that the server itself would make of it', async () => {
  const password = `p@ss/w%rd:?'"`;
  await migrateIt(database.url, password);
  const admin = connectAs(database.url);
  const verifier = async () => {
    const { rows } = await admin.query<{ verifier: string }>(
      'select rolpassword as verifier from pg_authid where rolname = $1',
      [roleName(service)],
    );
    return rows[0]!.verifier;
  };
  expect(await verifier()).toMatch(/^SCRAM-SHA-256\$4096:/);
  await admin.query(`alter role ${roleName(service)} password '${password.replace("'", "''")}'`);
  const [, iterations, salt] = /\$(\d+):([^$]+)\$/.exec(await verifier())!;
  expect(passwordVerifier(password, Buffer.from(salt!, 'base64'), Number(iterations))).toBe(await verifier());

  await connectAs(roleUrl(database.url, service, password)).query('select 1');
  await expect(migrateIt(database.url, 'pässword')).rejects.toThrow('printable ASCII');
});

test('an administrator who is not a superuser can migrate', async () => {
  const admin = `admin_${run}`;
  const managed = await createTestDatabase();
  await runAsAdmin(managed.url, `drop role if exists ${roleName(service)}`);
  await runAsAdmin(managed.url, `create role ${admin} login createrole`);
  await runAsAdmin(managed.url, `alter database ${new URL(managed.url).pathname.slice(1)} owner to ${admin}`);
  const url = new URL(managed.url);
  url.username = admin;
  try {
    expect(await migrateIt(url.href, 's3cret')).toHaveLength(3);
    await connectAs(roleUrl(managed.url, service)).query(`insert into users (name) values ('ada')`);
  } finally {
    await managed.drop();
    await runAsAdmin(database.url, `drop role ${roleName(service)}; drop role ${admin}`);
  }
});

test('an applied file that was edited is refused, by migrators and at the start', async () => {
  await migrateIt();
  await give({ '0001_users.sql': 'create table users (id int);' });
  const reason = '0001_users.sql is not the file that was applied';
  await expect(migrateIt()).rejects.toThrow(reason);
  await expect(checkMigrated(connectAs(database.url), migrationsDir)).rejects.toThrow(reason);
});

test('a file numbered below an applied one, two of a number and a bad name are refused', async () => {
  await give({ '0003_late.sql': 'select 1;' });
  await migrateIt();
  await give({ '0002_early.sql': 'select 1;' });
  await expect(migrateIt()).rejects.toThrow('0002_early.sql comes before 0003_late.sql');
  await give({ '0003_twin.sql': 'select 1;' });
  await expect(migrateIt()).rejects.toThrow('share a number');
  await give({ 'four.sql': 'select 1;' });
  await expect(migrateIt()).rejects.toThrow('NNNN_what.sql');
});

test('a failing file changes nothing, says which line, and the files before it stay', async () => {
  await give({ '0002_broken.sql': 'create table half (id int);\n\nselect nonsense;\n' });
  await expect(migrateIt()).rejects.toThrow(
    `0002_broken.sql of ${service} failed at line 3: column "nonsense" does not exist; nothing of it was applied`,
  );
  const pool = connectAs(database.url);
  await pool.query('select from users');
  await expect(pool.query('select from half')).rejects.toThrow('does not exist');
  await give({ '0002_broken.sql': 'create table half (id int);' });
  expect(await migrateIt()).toEqual(['0002_broken.sql']);
});

test('a service starts on its own version and on a newer one, not on an older or an empty database', async () => {
  const unmade = connectAs(database.url);
  await expect(checkMigrated(unmade, migrationsDir)).rejects.toThrow('run main.js --migrate');
  await give({ '0002_newer.sql': 'select 1;' });
  await migrateIt();
  const pool = connectAs(roleUrl(database.url, service));
  await checkMigrated(pool, migrationsDir);
  await rm(join(migrationsDir, '0002_newer.sql'));
  await checkMigrated(pool, migrationsDir);
  await give({ '0003_newest.sql': 'select 1;' });
  await expect(checkMigrated(pool, migrationsDir)).rejects.toThrow('lacks 0003_newest.sql: run main.js --migrate');
});
