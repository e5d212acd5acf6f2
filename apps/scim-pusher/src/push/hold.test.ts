import { expect, test } from '@jest/globals';
import { DirectoryUser_State, GetAppStatusResponse_State, Hold_What, PlanAppRequest } from '@autoprov/proto';
import { listAccounts, readFrontCounts, startBetterAuth, waitUntil, type ServiceProvider } from '@autoprov/testing';
import { explainUser } from '../rpc/explain-user.ts';
import { getAppStatus } from '../rpc/get-app-status.ts';
import { listHolds } from '../rpc/list-holds.ts';
import { placeHold } from '../rpc/place-hold.ts';
import { planApp } from '../rpc/plan-app.ts';
import { releaseHold } from '../rpc/release-hold.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { patient, startTestApp, type TestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const ann = { caller: 'cli', person: 'ann@acme.example' };
const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));
const suspended = (id: string): TestPerson => ({ id, state: DirectoryUser_State.STATE_SUSPENDED });
const guard = () => ({ maxCount: 500, maxSharePercent: 100, windowMs: 86_400_000 });
const soon = () => Date.now() + 20_000;

/** An app whose people have arrived, with a service provider that takes a few requests a second from then on. */
async function start(count: number, requestsPerSecond: number) {
  const sp = await startBetterAuth();
  started.push(sp);
  const app = await startTestApp(sp, { ...patient, guard: guard() });
  started.push(app);
  await app.configure();
  await app.read(ids(1000, count).map((id) => ({ id })));
  await app.push();
  await app.configure({}, { maxRequestsPerSecond: requestsPerSecond });
  await app.push();
  return { sp, app };
}

const countSuspended = async (sp: ServiceProvider) =>
  (await listAccounts(sp)).filter(({ active }) => active === false).length;
const countWrites = async (sp: ServiceProvider) => (await readFrontCounts(sp)).writes;
const hold = (app: TestApp, parent: string, what: Hold_What) =>
  placeHold(app.ctx, { parent, what, reason: 'the org chart is wrong' }, ann);
const hasWork = async (app: TestApp) => (await listAppsWithWork(app.pool, app.ctx.now())).length > 0;

test('a hold of removals stops them in the middle of a pass, lets all else go on, and the release lets them go', async () => {
  const { sp, app } = await start(40, 10);
  const before = await countWrites(sp);
  await app.read(ids(1000, 30).map(suspended));
  const pass = app.push();
  await waitUntil('removals to flow', async () => (await countWrites(sp)) >= before + 3, soon());
  await hold(app, 'customers/-', Hold_What.WHAT_REMOVALS);
  const placedMs = performance.now();
  await pass;
  expect(performance.now() - placedMs).toBeLessThan(10_000);
  const gone = await countSuspended(sp);
  expect(gone).toBeLessThan(30);

  await app.read([{ id: '1035', title: 'Fellow' }]);
  const held = await countWrites(sp);
  await app.push();
  await app.push();
  expect((await countWrites(sp)) - held).toBe(1);
  expect(await countSuspended(sp)).toBe(gone);
  // Nothing to do until it is released: no replica asks again and again.
  expect(await hasWork(app)).toBe(false);
  const { state, explanation } = await getAppStatus(app.ctx, { app: name });
  expect(state).toBe(GetAppStatusResponse_State.STATE_HELD);
  expect(explanation).toContain('removals are held everywhere by ann@acme.example');
  const answer = await explainUser(app.ctx, { app: name, user: 'customers/acme/users/1029' });
  expect(answer.holds).toMatchObject([{ placedBy: ann.person, reason: 'the org chart is wrong' }]);

  await releaseHold(app.ctx, { parent: 'customers/-', what: Hold_What.WHAT_REMOVALS }, ann);
  expect(await hasWork(app)).toBe(true);
  await app.push();
  expect(await countSuspended(sp)).toBe(30);
  expect(await hasWork(app)).toBe(false);
}, 60_000);

test('a hold of writes stops everything of its customer within a second or two, and nothing is lost', async () => {
  const { sp, app } = await start(3, 10);
  const before = await countWrites(sp);
  await app.read(ids(2000, 40).map((id) => ({ id })));
  const pass = app.push();
  await waitUntil('creates to flow', async () => (await countWrites(sp)) >= before + 3, soon());
  await hold(app, 'customers/acme', Hold_What.WHAT_WRITES);
  await pass;
  const written = await countWrites(sp);
  expect(written - before).toBeLessThan(40);
  expect(await hasWork(app)).toBe(false);
  await app.push();
  expect(await countWrites(sp)).toBe(written);
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ state: GetAppStatusResponse_State.STATE_HELD });
  expect(await listHolds(app.ctx, { parent: name })).toMatchObject({ holds: [{ parent: 'customers/acme' }] });
  expect(await listHolds(app.ctx, { parent: 'customers/globex' })).toEqual({ holds: [] });
  await releaseHold(app.ctx, { parent: 'customers/acme', what: Hold_What.WHAT_WRITES }, ann);
  await app.push();
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(43);
}, 60_000);

test('what a hold of removals kept back comes as one plan that the guard judges', async () => {
  const { sp, app } = await start(40, 1_000);
  await hold(app, name, Hold_What.WHAT_REMOVALS);
  for (const id of ids(1000, 12)) {
    await app.read([suspended(id)]);
    await app.push();
  }
  app.ctx.settings.guard.maxSharePercent = 10;
  await releaseHold(app.ctx, { parent: name, what: Hold_What.WHAT_REMOVALS }, ann);
  await app.push();
  expect(await countSuspended(sp)).toBe(0);
  const { totals } = await planApp(app.ctx, PlanAppRequest.fromPartial({ app: name }), {
    signal: new AbortController().signal,
  });
  expect(totals).toMatchObject({ suspends: 12n, held: 12n });
}, 60_000);
