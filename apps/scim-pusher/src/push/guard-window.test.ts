import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, jest, test } from '@jest/globals';
import { HeldAction_State, ProvisioningScope } from '@autoprov/proto';
import { commandFront, startScimmy, waitUntil, type ServiceProvider } from '@autoprov/testing';
import { forgetHistory } from '../forget-history.ts';
import { countAccounts } from '../store/accounts.ts';
import { saveHold } from '../store/holds.ts';
import { findSetup } from '../store/setups.ts';
import { approve, held, ids, suspended, suspendedIds } from './guard.fixture.ts';
import { openGuard } from './guard.ts';
import type { Pass } from './pass.ts';
import { pushApp } from './push-app.ts';
import { startTestApp, type TestApp } from './test-app.fixture.ts';

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const one of started.splice(0).reverse()) await one.stop();
});

const key = { customerId: 'acme', appId: 'crm' };
const dayMs = 86_400_000;

/** An app whose people have arrived: of 60, six may go within a day. */
async function start(count = 60): Promise<{ sp: ServiceProvider; app: TestApp }> {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { httpTimeoutMs: 10_000 });
  started.push(app);
  await app.configure();
  await app.read(ids(1000, count).map((id) => ({ id })));
  await app.push();
  return { sp, app };
}

test('who was removed although no answer said so counts, and counts once when it is tried again', async () => {
  const { sp, app } = await start();
  await commandFront(sp, { do: 'fault', effect: 'resetAfter', method: 'PATCH', times: 1_000 });
  await app.read(ids(1000, 6).map(suspended));
  await app.push();
  expect(await suspendedIds(sp)).toEqual(ids(1000, 6));
  expect(await countAccounts(app.pool, key)).toMatchObject({ active: 60n });
  await commandFront(sp, { do: 'clearFaults' });
  app.moveClock(dayMs / 2);
  await app.read([suspended('1006')]);
  await app.push();
  expect(await countAccounts(app.pool, key)).toMatchObject({ active: 54n, suspended: 6n });
  expect(await suspendedIds(sp)).toEqual(ids(1000, 6));
  expect((await held(app)).ids).toEqual(['1006']);
});

test('a worker that is killed in the middle of removals forgets none: the next one counts them', async () => {
  const { sp, app } = await start();
  // One after the other, so that some are stored while others wait.
  await app.configure({}, { maxConcurrentRequests: 1 });
  await app.push();
  await commandFront(sp, { do: 'setLatency', latencyMs: 300 });
  await app.read(ids(1000, 5).map(suspended));
  const leaseMs = 12_000;
  const child = fork(
    new URL('./push-worker.process.ts', import.meta.url),
    [app.databaseUrl, sp.token, String(leaseMs)],
    { execArgv: ['--conditions=@autoprov/source'] },
  );
  const exited = once(child, 'exit');
  const countStored = async () => Number((await countAccounts(app.pool, key)).suspended);
  await waitUntil('some removals', async () => (await countStored()) >= 2, Date.now() + 30_000);
  child.kill('SIGKILL');
  await exited;
  await commandFront(sp, { do: 'setLatency', latencyMs: 0 });
  await app.read(ids(1005, 2).map(suspended));
  const isServed = async () => {
    await app.push();
    return (await held(app)).ids.length > 0 || (await countStored()) > 6;
  };
  await waitUntil('the lease of the killed one to end', isServed, Date.now() + 2 * leaseMs);
  expect((await suspendedIds(sp)).length).toBeLessThanOrEqual(6);
  expect((await held(app)).ids).toHaveLength(7 - (await countStored()));
});

/** People who have accounts as far as this database says, and who are all to lose them. */
async function startNarrowed(count: number): Promise<TestApp> {
  const { app } = await start(0);
  await app.pool.query(
    `insert into accounts (customer_id, app_id, user_id, scim_id, state, accepted, accepted_digest)
     select 'acme', 'crm', id, id, 'active', '{}', '' from unnest($1::text[]) as id`,
    [ids(1000, count)],
  );
  await app.read(ids(1000, count).map((id) => ({ id })));
  await app.configure({ scope: { ...ProvisioningScope.fromPartial({}), excludedPersons: ids(1000, count) } });
  return app;
}

test.each<[string, (app: TestApp, stopping: AbortController) => unknown]>([
  ['its worker stops', (_, stopping) => stopping.abort()],
  [
    'removals are held meanwhile',
    ({ pool }) =>
      saveHold(pool, { parent: 'customers/-', what: 'removals', reason: 'r', placedBy: 'ann', placedAt: new Date() }),
  ],
])('the count of everybody who would lose something ends when %s', async (_, disturb) => {
  const app = await startNarrowed(30);
  const stopping = new AbortController();
  const query = app.pool.query.bind(app.pool);
  const texts: string[] = [];
  jest.spyOn(app.pool, 'query').mockImplementation(async (text, values) => {
    texts.push(text);
    // What the limits leave is read right before the count.
    if (text.includes('from counted')) await disturb(app, stopping);
    return query(text, values) as never;
  });
  await pushApp(app.ctx, key, stopping.signal);
  jest.restoreAllMocks();
  expect(texts.some((text) => text.includes('from counted'))).toBe(true);
  expect(texts.some((text) => text.includes('from held_actions left join'))).toBe(false);
  expect((await held(app)).ids).toEqual([]);
});

test('the guard asks one query where nobody has an account, and three where few have', async () => {
  const { app } = await start(5);
  const pass = { ctx: app.ctx, app: (await findSetup(app.pool, key))! } as Pass;
  const queries = jest.spyOn(app.pool, 'query');
  expect(await openGuard(pass, 5n, 100n)).toBeUndefined();
  expect(queries).toHaveBeenCalledTimes(1);
  expect(await openGuard(pass, 4n, 100n)).toEqual({ free: { access: 3, identity: 3, clearing: 3, membership: 3 } });
  expect(queries).toHaveBeenCalledTimes(1 + 3);
});

test('what ended is kept for 30 days, what was let go for 31, and what is held until it ends', async () => {
  const { app } = await start(60);
  const count = async () => {
    const { rows } = await app.pool.query<Record<string, number>>(
      `select (select count(*)::int from held_actions) as held, (select count(*)::int from approvals) as approvals,
         (select count(*)::int from guarded_changes) as counted`,
    );
    return rows[0];
  };
  const settings = { ...app.ctx.settings, historyKeptMs: 30 * dayMs };
  const forget = () => forgetHistory({ ...app.ctx, settings });
  await app.read(ids(1000, 2).map(suspended));
  await app.push();
  await app.read(ids(1002, 10).map(suspended));
  await app.push();
  await approve(app, (await held(app)).approvalHash);
  await app.push();
  await app.read(ids(1012, 8).map(suspended));
  await app.push();
  expect((await held(app, HeldAction_State.STATE_APPLIED)).ids).toEqual(ids(1002, 10));
  app.moveClock(29 * dayMs);
  await forget();
  expect(await count()).toEqual({ held: 18, approvals: 1, counted: 2 });
  app.moveClock(1.5 * dayMs);
  await forget();
  expect(await count()).toEqual({ held: 8, approvals: 0, counted: 2 });
  app.moveClock(dayMs);
  await forget();
  expect(await count()).toEqual({ held: 8, approvals: 0, counted: 0 });
  expect((await held(app)).ids).toEqual(ids(1012, 8));
});
