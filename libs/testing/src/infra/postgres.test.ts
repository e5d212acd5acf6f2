import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@autoprov/postgres';
import { afterAll, expect, jest, test } from '@jest/globals';
import { startPostgres } from './postgres.ts';

jest.setTimeout(60_000);
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const dir = mkdtempSync(join(tmpdir(), 'autoprov-postgres-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('what was committed is there after kill -9 and a new start on the same folder', async () => {
  const first = await startPostgres({ dir: join(dir, 'kill') });
  await query(first.url, 'create table kept as select 7 as n');
  first.kill();
  const second = await startPostgres({ dir: join(dir, 'kill') });
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  await second.stop();
});

test('letters beyond ASCII fold and sort the same on every system', async () => {
  const server = await startPostgres({ dir: join(dir, 'locale'), durable: false });
  expect(await query(server.url, `select lower('ÄÖÜ') as lower`)).toEqual([{ lower: 'äöü' }]);
  await server.stop();
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const db = connect({ url, schema: 'public', applicationName: 'test', logger: silent });
  const { rows } = await db.query(sql);
  await db.end();
  return rows;
}
