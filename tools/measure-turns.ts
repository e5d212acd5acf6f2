// node --conditions=@autoprov/source tools/measure-turns.ts, with DATABASE_URL set: what a
// turn costs, for one caller after another and for 32 at a time on one customer's row.
import { connect, migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { migrationsDir } from '../apps/directory-reader/src/server.ts';
import { takeRequest } from '../apps/directory-reader/src/store/request-budgets.ts';

const TURNS = 5_000;
const CALLERS = 32;

const database = await createTestDatabase();
await migrate({ adminUrl: database.url, service: 'directory-reader', migrationsDir });
const url = roleUrl(database.url, 'directory-reader');
const logger = createLogger({ service: 'measure', level: 'fatal' });
const pool = connect({ url, schema: 'directory-reader', applicationName: 'measure', logger, max: CALLERS });

for (const callers of [1, CALLERS]) {
  const startMs = performance.now();
  let left = TURNS;
  const call = async () => {
    while (left-- > 0) await takeRequest(pool, 'measured', { requestsPerMinute: 1_200 });
  };
  await Promise.all(Array.from({ length: callers }, call));
  const ms = performance.now() - startMs;
  console.log(
    `${callers} callers: ${Math.round(TURNS / (ms / 1000))} turns a second, ${(ms / TURNS).toFixed(2)} ms each`,
  );
}
await pool.end();
await database.drop();
