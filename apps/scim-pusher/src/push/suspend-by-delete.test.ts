import { expect, test } from '@jest/globals';
import { DirectoryUser_State, MatchingPolicy, MatchingPolicy_OnExisting } from '@autoprov/proto';
import { commandFront, listAccounts, readFrontCounts, startScimmy } from '@autoprov/testing';
import { makeTls, startAnswering } from '../rpc/answering-server.fixture.ts';
import { startTestApp, type TestApp } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const ada = { id: '1000' };
const suspended = { id: '1000', state: DirectoryUser_State.STATE_SUSPENDED };
// Our own account that comes back is nobody's to refuse.
const failOnExisting = { ...MatchingPolicy.fromPartial({}), onExisting: MatchingPolicy_OnExisting.ON_EXISTING_FAIL };

async function step(app: TestApp, person: { id: string; state?: DirectoryUser_State }): Promise<void> {
  await app.read([person]);
  await app.push();
}

async function startWithScimmy() {
  const sp = await startScimmy({ uniqueness: true });
  const app = await startTestApp(sp);
  started.push(sp, app);
  await app.configure({ matching: failOnExisting }, { suspendByDelete: true });
  await step(app, ada);
  return { sp, app };
}

test('who is suspended is deleted at a service provider without active, and created again on return', async () => {
  const { sp, app } = await startWithScimmy();
  await step(app, suspended);
  expect(await listAccounts(sp)).toEqual([]);
  expect((await app.facts()).at(-1)?.body).toMatchObject({ action: 'ACTION_SUSPEND', result: 'RESULT_ACCEPTED' });
  await step(app, suspended);
  expect((await readFrontCounts(sp)).byMethod).toMatchObject({ POST: 1, DELETE: 1 });
  await step(app, ada);
  expect(await listAccounts(sp)).toMatchObject([{ userName: 'p1000@example.com', externalId: '1000' }]);
  expect((await app.facts()).at(-1)?.body).toMatchObject({ action: 'ACTION_CREATE', result: 'RESULT_ACCEPTED' });
}, 30_000);

test('a return whose create is never answered makes one account', async () => {
  const { sp, app } = await startWithScimmy();
  await step(app, suspended);
  await commandFront(sp, { do: 'fault', effect: 'resetAfter', method: 'POST' });
  await step(app, ada);
  app.moveClock(86_400_000);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(1);
  expect((await readFrontCounts(sp)).byMethod).toMatchObject({ POST: 2 });
  const { rows } = await app.pool.query('select state, failure_code as code from accounts');
  expect(rows).toEqual([{ state: 'active', code: null }]);
}, 30_000);

test('an account that DELETE only puts aside is taken up again on return, whatever the policy for others', async () => {
  const tls = await makeTls();
  const user = { id: 'W1', userName: 'p1000@example.com', externalId: '1000', active: true };
  let exists = false;
  const sp = await startAnswering(tls, (path, { method }) => {
    if (method === 'DELETE') return Object.assign(user, { active: false }) && { status: 204 };
    if (method === 'PATCH') return { status: 200, body: Object.assign(user, { active: true }) };
    if (method === 'POST' && exists) return { status: 409 };
    if (method === 'POST') exists = true;
    if (method === 'POST') return { status: 201, body: user };
    const Resources = exists ? [user] : [];
    return path.startsWith('/Users/')
      ? { status: 200, body: user }
      : { status: 200, body: { totalResults: Resources.length, Resources } };
  });
  const app = await startTestApp(sp, {}, tls.ca);
  started.push(sp, app);
  await app.configure({ matching: failOnExisting }, { suspendByDelete: true });
  await step(app, ada);
  await step(app, suspended);
  expect(user.active).toBe(false);
  await step(app, ada);
  expect(user.active).toBe(true);
  const { rows } = await app.pool.query('select scim_id as "scimId", origin, state from accounts');
  expect(rows).toEqual([{ scimId: 'W1', origin: 'created', state: 'active' }]);
}, 30_000);
