import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connect, migrate } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { migrationsDir } from './server.ts';

test('customers that share a service account are named before the rule is put into the database, which goes on as it was', async () => {
  const database = await createTestDatabase();
  const before = mkdtempSync(join(tmpdir(), 'autoprov-migrations-'));
  const logger = createLogger({ service: 'test' }, { write: () => {} });
  const pool = connect({ url: database.url, schema: 'token_broker', applicationName: 'test', logger });
  try {
    cpSync(migrationsDir, before, {
      recursive: true,
      filter: (file) => !(basename(file) >= '0004' && file.endsWith('.sql')),
    });
    await migrate({ adminUrl: database.url, service: 'token-broker', migrationsDir: before });
    await pool.query(
      `insert into delegations
         (customer_id, service_account_email, client_id, admin_email, version, sealed, update_time)
       values ('acme', 'a@x', '1', 'b@x', 1, '', now()), ('globex', 'A@x', '2', 'b@x', 2, '', now()),
         ('other', 'o@x', '3', 'b@x', 3, '', now())`,
    );
    const migrateOn = () => migrate({ adminUrl: database.url, service: 'token-broker', migrationsDir });
    await expect(migrateOn()).rejects.toThrow(/acme, globex share a service account: delete/);
    await pool.query(`delete from delegations where customer_id = 'acme'`);
    await migrateOn();
    const { rows } = await pool.query(`select customer_id, confirmed_version from delegations order by 1`);
    expect(rows).toEqual([
      { customer_id: 'globex', confirmed_version: null },
      { customer_id: 'other', confirmed_version: null },
    ]);
  } finally {
    await pool.end();
    await database.drop();
    rmSync(before, { recursive: true });
  }
});
