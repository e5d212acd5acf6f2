import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of its own for one test suite; `url` is the administrator's, `drop` throws everybody out. */
export async function createTestDatabase(
  adminUrl = process.env['DATABASE_URL'],
): Promise<{ url: string; drop: () => Promise<void> }> {
  if (!adminUrl) {
    throw new Error(
      'DATABASE_URL is not set: run the tests with "npm test" at the root, which starts PostgreSQL and Kafka',
    );
  }
  const name = `t_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runAsAdmin(adminUrl, `drop database ${name} with (force)`) };
}

/** Runs SQL as the administrator, outside any pool. */
export async function runAsAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
