import { expect, test } from '@jest/globals';
import { DirectoryUser_State, MatchingPolicy, MatchingPolicy_OnVanished, ProvisioningScope } from '@autoprov/proto';
import {
  callScim,
  commandFront,
  listAccounts,
  readFrontCounts,
  startScimmy,
  type ServiceProvider,
} from '@autoprov/testing';
import { staffGroup, startTestApp, type TestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
const scope = ProvisioningScope.fromPartial({ groups: [staffGroup] });
const people: TestPerson[] = Array.from({ length: 20 }, (_, i) => ({ id: String(10 + i), isStaff: true }));
const [ada] = people as [TestPerson];

const atOnce = { suspendAfter: undefined, deleteAfter: { seconds: 0n, nanos: 0 } };
const deprovisioning = { outOfScope: atOnce, suspended: undefined, archived: undefined, deleted: undefined };

async function start(setup: Parameters<TestApp['configure']>[0] = {}) {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { httpTimeoutMs: 20_000, leaseMs: 60_000, retryForMs: 0 });
  started.push(app);
  await app.configure({ scope, ...setup });
  await app.read(people);
  await app.push();
  return { sp, app };
}

const idOf = async (sp: ServiceProvider, person: TestPerson) =>
  (await listAccounts(sp)).find(({ externalId }) => externalId === person.id)?.id;
const remove = async (sp: ServiceProvider, person: TestPerson) =>
  callScim(sp, 'DELETE', `/Users/${await idOf(sp, person)}`);
const titled = (person: TestPerson): TestPerson => ({ ...person, title: 'Fellow' });
const failures = async (app: TestApp) =>
  (await app.facts()).flatMap(({ body }) => (body['result'] === 'RESULT_FAILED' ? [body] : []));

test('an account that was deleted at the service provider is made anew, once, and stays linked', async () => {
  const { sp, app } = await start();
  await remove(sp, ada);
  await app.read([titled(ada)]);
  await app.push();
  const accounts = await listAccounts(sp);
  expect(accounts).toHaveLength(20);
  expect(accounts.find(({ externalId }) => externalId === ada.id)).toMatchObject({ title: 'Fellow', active: true });
  expect(await failures(app)).toEqual([]);
  const { writes } = await readFrontCounts(sp);
  await app.read([titled(ada)]);
  await app.push();
  expect((await readFrontCounts(sp)).writes).toBe(writes);
});

test('404 to every question is no proof: nobody is made anew, and nobody believed gone', async () => {
  const { sp, app } = await start();
  const id = await idOf(sp, ada);
  await commandFront(sp, { do: 'fault', effect: 'failBefore', status: 404, path: '/Users', times: 1_000 });
  await app.read([titled(ada)]);
  await app.push();
  await commandFront(sp, { do: 'clearFaults' });
  app.moveClock(86_400_000);
  await app.push();
  expect(await idOf(sp, ada)).toBe(id);
  expect((await listAccounts(sp)).find((account) => account.id === id)).toMatchObject({ title: 'Fellow' });
});

test('a second look that is not answered is no proof either: the account stays linked and is tried again', async () => {
  const { sp, app } = await start();
  const id = await idOf(sp, ada);
  await remove(sp, ada);
  await commandFront(sp, {
    do: 'fault',
    effect: 'failBefore',
    status: 503,
    method: 'GET',
    path: `/Users/${id}`,
    times: 20,
  });
  await app.read([titled(ada)]);
  await app.push();
  await commandFront(sp, { do: 'clearFaults' });
  expect(await idOf(sp, ada)).toBeUndefined();
  app.moveClock(86_400_000);
  await app.push();
  expect(await idOf(sp, ada)).toBeDefined();
});

test('who is there under another id is linked again: a change, and a loss of access, reach that account', async () => {
  const { sp, app } = await start();
  const [, bob] = people as [TestPerson, TestPerson];
  for (const person of [ada, bob]) {
    await remove(sp, person);
    const other = { schemas: [userUrn], userName: `p${person.id}@example.com`, externalId: person.id, active: true };
    await callScim(sp, 'POST', '/Users', other);
  }
  await app.read([titled(ada), { ...bob, isStaff: false }]);
  await app.push();
  const accounts = await listAccounts(sp);
  expect(accounts).toHaveLength(20);
  expect(accounts.find(({ externalId }) => externalId === ada.id)).toMatchObject({ title: 'Fellow', active: true });
  expect(accounts.find(({ externalId }) => externalId === bob.id)).toMatchObject({ active: false });
  const actions = (await app.facts()).map(({ body }) => body['action']);
  expect(actions.slice(-4).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    'ACTION_ADOPT',
    'ACTION_ADOPT',
    'ACTION_SUSPEND',
    'ACTION_UPDATE',
  ]);
});

test('a leaver whose account is gone has no access, which is what was wanted', async () => {
  const { sp, app } = await start();
  await remove(sp, ada);
  await app.read([{ ...ada, isStaff: false }]);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(19);
  expect(await failures(app)).toEqual([]);
  expect((await app.facts()).at(-1)?.body).toMatchObject({ action: 'ACTION_SUSPEND', result: 'RESULT_ACCEPTED' });
});

test('many that vanish at once are made anew up to the limit of the guard; the others say what to look at', async () => {
  const { sp, app } = await start();
  for (const person of people) await remove(sp, person);
  await app.read(people.map(titled));
  await app.push();
  // 10 % of 20, but always five.
  expect(await listAccounts(sp)).toHaveLength(5);
  const failed = await failures(app);
  expect(failed).toHaveLength(15);
  expect(failed[0]).toMatchObject({
    code: '45003',
    reason: 'NOT_FOUND',
    detail: expect.stringContaining('same tenant'),
  });
});

test('a policy that makes nobody anew fails with what to do', async () => {
  const matching = MatchingPolicy.fromPartial({ onVanished: MatchingPolicy_OnVanished.ON_VANISHED_FAIL });
  const { sp, app } = await start({ matching });
  await remove(sp, ada);
  await app.read([titled(ada)]);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(19);
  expect(await failures(app)).toMatchObject([
    { code: '45003', detail: expect.stringContaining('matching.on_vanished') },
  ]);
});

test('whoever returns after a delete whose answer was lost has an account again', async () => {
  const { sp, app } = await start({ deprovisioning });
  await commandFront(sp, { do: 'fault', effect: 'resetAfter', method: 'DELETE', times: 1_000 });
  await app.read([{ ...ada, isStaff: false }]);
  await app.push();
  await commandFront(sp, { do: 'clearFaults' });
  expect(await idOf(sp, ada)).toBeUndefined();
  await app.read([ada]);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(20);
  expect(await idOf(sp, ada)).toBeDefined();
  const { writes } = await readFrontCounts(sp);
  await app.configure({ scope, deprovisioning });
  await app.push();
  expect((await readFrontCounts(sp)).writes).toBe(writes);
});

test('whoever returns after a delete that was refused keeps the account, and nothing is written', async () => {
  const { sp, app } = await start({ deprovisioning });
  const id = await idOf(sp, ada);
  await commandFront(sp, { do: 'fault', effect: 'failBefore', status: 409, method: 'DELETE', times: 1_000 });
  await app.read([{ ...ada, isStaff: false }]);
  await app.push();
  const { writes } = await readFrontCounts(sp);
  await app.read([ada]);
  await app.push();
  await app.push();
  expect(await idOf(sp, ada)).toBe(id);
  expect((await readFrontCounts(sp)).writes).toBe(writes);
});

test('a change whose answer was lost is taken back when the person changes back, with what it had set', async () => {
  const { sp, app } = await start();
  await commandFront(sp, { do: 'fault', effect: 'failAfter', status: 500, method: 'PATCH' });
  await app.read([titled(ada)]);
  await app.push();
  const titleOf = async () => (await listAccounts(sp)).find(({ externalId }) => externalId === ada.id)?.title;
  expect(await titleOf()).toBe('Fellow');
  await app.read([ada]);
  await app.push();
  expect(await titleOf()).toBeUndefined();
  const { writes } = await readFrontCounts(sp);
  await app.configure({ scope });
  await app.push();
  expect((await readFrontCounts(sp)).writes).toBe(writes);
});

test('a reactivation whose answer was lost leaves nobody with access who is suspended again', async () => {
  const { sp, app } = await start();
  const suspended = { ...ada, state: DirectoryUser_State.STATE_SUSPENDED };
  await app.read([suspended]);
  await app.push();
  await commandFront(sp, { do: 'fault', effect: 'failAfter', status: 500, method: 'PATCH' });
  await app.read([ada]);
  await app.push();
  const isActive = async () => (await listAccounts(sp)).find(({ externalId }) => externalId === ada.id)?.active;
  expect(await isActive()).toBe(true);
  await app.read([suspended]);
  await app.push();
  expect(await isActive()).toBe(false);
});

test('an account that a lost delete has taken away is known to be gone, also where nothing more is asked', async () => {
  const suspendOnly = { suspendAfter: { seconds: 0n, nanos: 0 }, deleteAfter: undefined };
  const { sp, app } = await start({ deprovisioning: { ...deprovisioning, suspended: suspendOnly, archived: atOnce } });
  await app.read([{ ...ada, state: DirectoryUser_State.STATE_SUSPENDED }]);
  await app.push();
  await commandFront(sp, { do: 'fault', effect: 'resetAfter', method: 'DELETE', times: 1_000 });
  await app.read([{ ...ada, state: DirectoryUser_State.STATE_ARCHIVED }]);
  await app.push();
  await commandFront(sp, { do: 'clearFaults' });
  await app.read([{ ...ada, state: DirectoryUser_State.STATE_SUSPENDED }]);
  await app.push();
  const { rows } = await app.pool.query<{ state: string }>(`select state from accounts where user_id = $1`, [ada.id]);
  expect(rows).toEqual([{ state: 'deleted' }]);
});

test.each([
  ['gone', { effect: 'resetAfter' }, 'deleted'],
  ['still there', { effect: 'failBefore', status: 500 }, 'active'],
] as const)(
  'an active account whose delete was lost is looked at once where nothing more is asked: it is %s',
  async (_, fault, state) => {
    const never = { suspendAfter: undefined, deleteAfter: undefined };
    const { sp, app } = await start({ deprovisioning: { ...deprovisioning, suspended: atOnce, archived: never } });
    await commandFront(sp, { do: 'fault', ...fault, method: 'DELETE', times: 1_000 });
    await app.read([{ ...ada, state: DirectoryUser_State.STATE_SUSPENDED }]);
    await app.push();
    await commandFront(sp, { do: 'clearFaults' });
    const { writes } = await readFrontCounts(sp);
    await app.read([{ ...ada, state: DirectoryUser_State.STATE_ARCHIVED }]);
    await app.push();
    const stored = await app.pool.query(
      `select state, trigger, write_begun_at as begun, due_at as due from accounts where user_id = $1`,
      [ada.id],
    );
    expect(stored.rows).toMatchObject([{ state, begun: null, due: null }]);
    const counts = await readFrontCounts(sp);
    expect(counts.writes).toBe(writes);
    await app.read([{ ...ada, state: DirectoryUser_State.STATE_ARCHIVED, title: 'Countess' }]);
    await app.push();
    expect(await readFrontCounts(sp)).toEqual(counts);
  },
);
