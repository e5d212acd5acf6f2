import pg, { DatabaseError } from 'pg';
import type { Db } from './connect.ts';
import { schemaName } from './names.ts';
import { pendingMigrations, readMigrations, type AppliedMigration, type Migration } from './migration-files.ts';
import { createRole, createSchema } from './roles.ts';

/** One at a time in a database, over all services: they change the same rows of the catalogue (rights on the schema public). */
const MIGRATION_LOCK = 4_711_202_611n;
const UNDEFINED_TABLE = '42P01';

/**
 * Brings a service's schema to the version of `migrationsDir` (files `NNNN_what.sql`, forward only, each in its own
 * transaction), after this library's tables `leases` and `outbox`. Also makes the schema and the role it is used with,
 * and sets the role's password if one is given. May run any number of times, at once with others.
 *
 * `adminUrl` names an administrator (create role, create on the database; superuser is not needed) and leads to
 * PostgreSQL itself, not to PgBouncer. The administrator owns the tables: the service changes rows, never tables, and a
 * migration may take rights away again (`revoke update, delete on audit from autoprov_token_broker`).
 * Returns the names of the files applied now.
 */
export async function migrate(options: {
  adminUrl: string;
  service: string;
  migrationsDir: string;
  password?: string;
}): Promise<string[]> {
  const { adminUrl, service, migrationsDir, password } = options;
  const migrations = await readMigrations(migrationsDir);
  const client = new pg.Client({ connectionString: adminUrl, application_name: `migrate ${service}` });
  // The statement under way reports a lost connection; without a listener the event would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    // Held until the connection ends, so that a migrator that dies leaves no lock behind.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await createRole(client, service, password);
    await createSchema(client, service);
    await client.query(`set search_path = ${schemaName(service)}`);
    const pending = pendingMigrations(migrations, await appliedMigrations(client));
    // A migration that waits for a table makes all traffic on it wait behind it: rather give up and be run again.
    await client.query(`set lock_timeout = '10s'`);
    for (const migration of pending) await apply(client, service, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Throws, saying what to do, unless all of `migrationsDir` is applied as it stands; call it at the start. */
export async function checkMigrated(db: Db, migrationsDir: string): Promise<void> {
  const migrations = await readMigrations(migrationsDir);
  const pending = pendingMigrations(migrations, await appliedMigrations(db));
  if (pending.length > 0) {
    throw new Error(`the database lacks ${pending.map(({ name }) => name).join(', ')}: run main.js --migrate first`);
  }
}

async function appliedMigrations(db: {
  query(sql: string): Promise<{ rows: AppliedMigration[] }>;
}): Promise<AppliedMigration[]> {
  try {
    const { rows } = await db.query('select origin, version, name, checksum from schema_migrations');
    return rows;
  } catch (err) {
    if (err instanceof DatabaseError && err.code === UNDEFINED_TABLE) return [];
    throw err;
  }
}

async function apply(
  client: pg.Client,
  service: string,
  { origin, version, name, sql, checksum }: Migration,
): Promise<void> {
  await client.query('begin');
  try {
    await client.query('insert into schema_migrations (origin, version, name, checksum) values ($1, $2, $3, $4)', [
      origin,
      version,
      name,
      checksum,
    ]);
    await client.query(sql);
    await client.query('commit');
  } catch (err) {
    await client.query('rollback').catch(() => {});
    throw new Error(
      `${name} of ${service} failed${lineOf(sql, err)}: ${err instanceof Error ? err.message : String(err)}; nothing of it was applied: correct it and run main.js --migrate again`,
      { cause: err },
    );
  }
}

function lineOf(sql: string, err: unknown): string {
  if (!(err instanceof DatabaseError) || !err.position) return '';
  return ` at line ${sql.slice(0, Number(err.position)).split('\n').length}`;
}
