import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RpcError, status } from '@autoprov/grpc';
import { ScimProfile, type SetupChange } from '@autoprov/proto';
import { listAccounts, startBetterAuth, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from './test-app.fixture.ts';

const crm = 'customers/acme/apps/crm';

let sp: ServiceProvider;
let app: TestApp;
/** What config answers to GetSetup; undefined: the setup. */
let refusal: RpcError | undefined;
let asks: number;
let changes: SetupChange[];
beforeEach(async () => {
  sp = await startBetterAuth();
  app = await startTestApp(sp);
  [refusal, changes, asks] = [undefined, [], 0];
  app.ctx.config = {
    async getSetup() {
      asks++;
      if (refusal) throw refusal;
      return {};
    },
    listSetupChanges: async () => ({ changes, nextSinceRevision: 1_000n, more: false }),
  } as never;
  await app.configure();
  await app.read([{ id: '1000' }]);
});
afterEach(async () => {
  await app.stop();
  await sp.stop();
});

const missing = new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'there is no setup');

async function listChecks(): Promise<object[]> {
  const checks = (await app.facts()).filter(({ type }) => type.includes('check'));
  return checks.map(({ body }) => ({ subject: body['subject'], code: body['code'], passed: body['passed'] }));
}

test('a setup whose record config has lost is 25001, nothing is sent, and it goes on once the record is there', async () => {
  refusal = missing;
  await app.push();
  expect(await listAccounts(sp)).toEqual([]);
  expect(await listChecks()).toEqual([{ subject: crm, code: '25001', passed: false }]);
  refusal = undefined;
  app.moveClock(3_600_000);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(1);
  expect((await listChecks()).slice(1)).toEqual([{ subject: crm, code: '', passed: true }]);
});

test('a deletion that has not come yet is no failure, and nothing is sent any more', async () => {
  refusal = missing;
  const scim = ScimProfile.fromPartial({});
  changes = [{ app: crm, revision: 1_000n, setup: undefined, scim, appRemoved: false }];
  await app.push();
  expect([await listAccounts(sp), await listChecks()]).toEqual([[], []]);
});

const unavailable = new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'nobody answers');

test('while config does not answer, work goes on, and config is not asked for each pass', async () => {
  refusal = unavailable;
  await app.push();
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(1);
  expect(asks).toBe(1);
});

test('a config that has been silent for a while is not asked, and asked as soon as it answers again', async () => {
  await app.pool.query(`update setup_feed set answered_at = now() - interval '31 seconds'`);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(1);
  expect(asks).toBe(0);
  await app.pool.query(`update setup_feed set answered_at = now()`);
  await app.push();
  expect(asks).toBe(1);
});

test('a record that is missing stays missing while config does not say otherwise', async () => {
  refusal = missing;
  await app.push();
  refusal = unavailable;
  app.moveClock(3_600_000);
  await app.push();
  expect(await listAccounts(sp)).toEqual([]);
  expect((await listChecks()).at(-1)).toEqual({ subject: crm, code: '25001', passed: false });
});
