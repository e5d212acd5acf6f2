import { expect, test } from '@jest/globals';
import { RetryFailingRequest } from '@autoprov/proto';
import { commandFront, listAccounts, startScimmy } from '@autoprov/testing';
import { startTestApp } from '../push/test-app.fixture.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { getAppStatus } from './get-app-status.ts';
import { retryFailing } from './retry-failing.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const people = Array.from({ length: 4 }, (_, i) => ({ id: String(10 + i) }));

async function start() {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { retryForMs: 0 });
  started.push(app);
  await app.configure();
  const retry = (request: Partial<RetryFailingRequest> = {}) =>
    retryFailing(app.ctx, { ...RetryFailingRequest.fromPartial({ app: name }), ...request });
  const hasWork = async () => (await listAppsWithWork(app.pool, app.ctx.now())).length > 0;
  return { sp, app, retry, hasWork };
}

test('people who fail wait for their next attempt, and go at once when it is asked for: those that were named', async () => {
  const { sp, app, retry, hasWork } = await start();
  await commandFront(sp, { do: 'fault', effect: 'failBefore', status: 409, method: 'POST', times: 4 });
  await app.read(people);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(0);
  expect(await hasWork()).toBe(false);
  expect(await retry({ code: '45006' })).toEqual({ userCount: 0n, appWaited: false });
  expect(await retry({ users: ['customers/acme/users/10'] })).toEqual({ userCount: 1n, appWaited: false });
  await app.push();
  expect((await listAccounts(sp)).map(({ externalId }) => externalId)).toEqual(['10']);
  expect(await retry({ code: '45003' })).toEqual({ userCount: 3n, appWaited: false });
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(4);
  expect(await retry()).toEqual({ userCount: 0n, appWaited: false });
});

test('an app that waits for its service provider is tried at once', async () => {
  const { sp, app, retry, hasWork } = await start();
  await commandFront(sp, { do: 'fault', effect: 'unauthorized', times: 1_000 });
  await app.read(people);
  await app.push();
  expect(await hasWork()).toBe(false);
  await commandFront(sp, { do: 'clearFaults' });
  expect(await retry()).toMatchObject({ appWaited: true });
  expect(await hasWork()).toBe(true);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(4);
  expect((await getAppStatus(app.ctx, { app: name })).failingCount).toBe(0n);
});
