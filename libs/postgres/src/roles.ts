import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { DatabaseError, escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { sessionSettings } from './connect.ts';
import { roleName, schemaName } from './names.ts';

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INTERNAL_ERROR = 'XX000';
const ATTEMPTS = 20;

/**
 * Makes the role of a service, or sets the password of the one there is. Roles belong to the whole cluster, out of the
 * reach of a lock in one database: others may be making the same role from another database.
 */
export async function createRole(client: Client, service: string, password?: string): Promise<void> {
  const role = roleName(service);
  await client.query(`create role ${role} login`).catch((err: unknown) => {
    if (!hasState(err, DUPLICATE_OBJECT, UNIQUE_VIOLATION)) throw err;
  });
  if (password === undefined) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`alter role ${role} password ${escapeLiteral(passwordVerifier(password))}`);
      return;
    } catch (err) {
      // "tuple concurrently updated": another database's migrator was setting it at this moment.
      if (!hasState(err, INTERNAL_ERROR) || attempt === ATTEMPTS) throw err;
    }
  }
}

/**
 * Makes the schema, the table of applied migrations in it, and the rights of the service's role: the rows of this
 * schema, and nothing else in the database. Rights on tables to come are those of tables that this administrator makes.
 */
export async function createSchema(client: Client, service: string): Promise<void> {
  const role = roleName(service);
  const schema = schemaName(service);
  const database = escapeIdentifier(client.database ?? '');
  // For sessions behind PgBouncer, which does not pass on what `connect` asks for.
  const settings = Object.entries(sessionSettings(schema)).map(
    ([name, value]) => `alter role ${role} in database ${database} set ${name} = ${escapeLiteral(value)};`,
  );
  await client.query(`
    do $$ begin
      revoke create on schema public from public;
    exception when invalid_schema_name then null; -- there is no public schema, so much the better
    end $$;
    create schema if not exists ${schema};
    grant usage on schema ${schema} to ${role};
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${role};
    create table if not exists ${schema}.schema_migrations (
      origin text not null,
      version int not null,
      name text not null,
      checksum text not null,
      apply_time timestamptz not null default now(),
      primary key (origin, version)
    );
    revoke insert, update, delete on ${schema}.schema_migrations from ${role};
    ${settings.join('\n')}`);
}

function hasState(err: unknown, ...states: string[]): boolean {
  return err instanceof DatabaseError && states.includes(err.code ?? '');
}

/**
 * What the server stores of a password (SCRAM-SHA-256, RFC 5803), so that the password itself never reaches the
 * server's log, where a failing statement is written in full.
 */
export function passwordVerifier(password: string, salt = randomBytes(16), iterations = 4096): string {
  if (!/^[\x21-\x7e]+$/.test(password)) {
    throw new Error('a database password is made of printable ASCII without spaces: choose another');
  }
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}
