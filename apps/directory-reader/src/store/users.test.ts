import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connect, migrate, roleUrl, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { migrationsDir } from '../server.ts';
import { findUsers, mergeUsers } from './users.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'directory-reader', migrationsDir });
  const url = roleUrl(database.url, 'directory-reader');
  pool = connect({ url, schema: 'directory-reader', applicationName: 'test', logger: console });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

let customers = 0;
const start = Date.parse('2026-11-23T12:00:00Z');

/** An answer about somebody, sent some minutes after the start; what it says is its number. */
const observation = fc.record({ minute: fc.nat(30), by: fc.constantFrom('list' as const, 'get' as const) });

test('in whatever order answers arrive, the newest stays, and no list overrules a users.get of the 10 minutes before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { minLength: 1, maxLength: 6 }), async (observations) => {
      const customerId = `c${customers++}`;
      let kept: { minute: number; said: string; gotAt: number } | undefined;
      for (const [i, { minute, by }] of observations.entries()) {
        const said = `said-${i}@example.com`;
        const sentAt = new Date(start + minute * 60_000);
        const user = {
          id: '1',
          primaryEmail: said,
          state: 'active' as const,
          orgUnitPath: '/',
          attributes: { primaryEmail: said },
        };
        const contested = await mergeUsers(pool, { customerId, readNo: 1n, sentAt, by }, [user]);
        const overruled = by === 'list' && kept !== undefined && kept.gotAt > minute - 10;
        expect(contested).toEqual(overruled ? ['1'] : []);
        if (!overruled && (!kept || kept.minute <= minute)) {
          kept = { minute, said, gotAt: by === 'get' ? minute : (kept?.gotAt ?? -Infinity) };
        }
      }
      expect(await findUsers(pool, customerId, ['1'])).toMatchObject([{ primaryEmail: kept?.said }]);
    }),
    { numRuns: 100 },
  );
});
