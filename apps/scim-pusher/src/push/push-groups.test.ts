import { expect, test } from '@jest/globals';
import {
  DirectoryUser_State,
  Hold_What,
  MatchingPolicy,
  MatchingPolicy_OnExisting,
  ProvisioningScope,
  ScimProfile_Update,
} from '@autoprov/proto';
import {
  callScim,
  listAccounts,
  readFrontCounts,
  startBetterAuth,
  startScimmy,
  type ServiceProvider,
  waitUntil,
} from '@autoprov/testing';
import { approveHeldActions } from '../rpc/approve-held-actions.ts';
import { explainUser } from '../rpc/explain-user.ts';
import { getAppStatus } from '../rpc/get-app-status.ts';
import { listHeldActions } from '../rpc/list-held-actions.ts';
import { placeHold } from '../rpc/place-hold.ts';
import { releaseHold } from '../rpc/release-hold.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { patient, staffGroup, startTestApp, type TestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const ann = { caller: 'cli', person: 'ann@acme.example' };
const staff = (id: string, isStaff = true): TestPerson => ({ id, isStaff });
const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));
const pushed = (displayName = 'Staff', group = staffGroup) => ({ pushedGroups: [{ group, displayName }] });
const guard = () => ({ maxCount: 500, maxSharePercent: 100, windowMs: 86_400_000 });

async function start(
  startSp: () => Promise<ServiceProvider> = startBetterAuth,
  settings: Parameters<typeof startTestApp>[1] = { ...patient, guard: guard() },
) {
  const sp = await startSp();
  started.push(sp);
  const app = await startTestApp(sp, settings);
  started.push(app);
  return { sp, app };
}

type Group = { id: string; displayName: string; externalId?: string; members?: { value: string }[] };

async function listGroups(sp: ServiceProvider): Promise<Group[]> {
  const { body } = await callScim(sp, 'GET', '/Groups?startIndex=1&count=100');
  return (body as { Resources?: Group[] }).Resources ?? [];
}

/** Who is in the groups there, by the ids of our directory. */
async function membersOf(sp: ServiceProvider, displayName = 'Staff'): Promise<string[]> {
  const groups = (await listGroups(sp)).filter((group) => group.displayName === displayName);
  expect(groups).toHaveLength(1);
  const { body } = await callScim(sp, 'GET', `/Groups/${groups[0]!.id}`);
  const people = new Map((await listAccounts(sp)).map(({ id, externalId, userName }) => [id, externalId ?? userName]));
  return ((body as Group).members ?? []).map(({ value }) => String(people.get(value) ?? value)).sort();
}

const countWrites = async (sp: ServiceProvider) => (await readFrontCounts(sp)).writes;
const hasWork = async (app: TestApp) => (await listAppsWithWork(app.pool, app.ctx.now())).length > 0;

/** How many requests that write a pass took. */
async function writesOf(sp: ServiceProvider, app: TestApp): Promise<number> {
  const before = await countWrites(sp);
  await app.push();
  return (await countWrites(sp)) - before;
}

const groupFacts = async (app: TestApp) =>
  (await app.facts())
    .filter(({ body }) => body['group'])
    .map(({ type, body }) => [type, body['code'] || body['action']]);

/** Of each pushed group: whether the person is a member there, and what comes next. */
const explain = async (app: TestApp, id: string) => {
  const user = `customers/acme/users/${id}`;
  const { pushedMemberships } = await explainUser(app.ctx, { app: name, user });
  return pushedMemberships.map(({ isMember, explanation }) => [isMember, explanation]);
};

const providers: [string, () => Promise<ServiceProvider>][] = [
  ['better-auth', startBetterAuth],
  ['scimmy', () => startScimmy({ uniqueness: true })],
];

test.each(providers)(
  '%s has the group after the people, who join and leave by one write each',
  async (_, startSp) => {
    const { sp, app } = await start(startSp);
    await app.configure(pushed());
    await app.read([staff('1'), staff('2'), staff('3', false)]);
    // Three people, the group, its members.
    expect(await writesOf(sp, app)).toBe(5);
    expect(await membersOf(sp)).toEqual(['1', '2']);
    expect(await hasWork(app)).toBe(false);
    expect(await writesOf(sp, app)).toBe(0);

    await app.read([staff('3')]);
    expect(await writesOf(sp, app)).toBe(1);
    await app.read([staff('1', false)]);
    expect(await writesOf(sp, app)).toBe(1);
    expect(await membersOf(sp)).toEqual(['2', '3']);

    await app.configure(pushed('The staff'));
    expect(await writesOf(sp, app)).toBe(1);
    expect(await membersOf(sp, 'The staff')).toEqual(['2', '3']);
    expect(await writesOf(sp, app)).toBe(0);
    expect(await hasWork(app)).toBe(false);
    expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ groupCount: 1n, failingGroupCount: 0n });
    expect(await groupFacts(app)).toEqual([
      ['autoprov.outcome.accepted.v1', 'ACTION_CREATE'],
      ...Array.from({ length: 3 }, () => ['autoprov.outcome.accepted.v1', 'ACTION_UPDATE']),
    ]);
  },
  60_000,
);

/** A group that others have made, with somebody who is not ours. */
async function makeForeign(sp: ServiceProvider, displayName: string, more: object = {}) {
  const user = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'outsider@example.com',
    active: true,
  };
  const { body } = await callScim(sp, 'POST', '/Users', user);
  const outsider = (body as { id: string }).id;
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
  const made = await callScim(sp, 'POST', '/Groups', { schemas, displayName, members: [{ value: outsider }], ...more });
  expect(made.status).toBe(201);
  sp.run({ do: 'resetCounts' });
  return { outsider, groupId: (made.body as Group).id };
}

test.each(providers)(
  'at %s a group of others keeps its members, adopted or not',
  async (_, startSp) => {
    const { sp, app } = await start(startSp);
    await makeForeign(sp, 'Staff');
    await callScim(sp, 'POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Board',
    });
    await app.configure(pushed());
    await app.read([staff('1'), staff('2')]);
    await app.push();
    expect(await membersOf(sp)).toEqual(['1', '2', 'outsider@example.com']);
    await app.read([staff('1', false), staff('2', false)]);
    await app.push();
    expect(await membersOf(sp)).toEqual(['outsider@example.com']);
    // No longer pushed: left as it is.
    await app.read([staff('1')]);
    await app.push();
    await app.configure({ pushedGroups: [] });
    await app.read([staff('1', false)]);
    expect(await writesOf(sp, app)).toBe(0);
    expect(await membersOf(sp)).toEqual(['1', 'outsider@example.com']);
    expect(await membersOf(sp, 'Board')).toEqual([]);
    expect(sp.log().filter(({ path, method }) => method === 'PATCH' && !path.includes('/Groups/'))).toEqual([]);
  },
  60_000,
);

test('an existing group is left alone or fails by the policy, and the failure ends when the group is there', async () => {
  const { sp, app } = await start();
  const { groupId } = await makeForeign(sp, 'Staff');
  const matching = (onExisting: MatchingPolicy_OnExisting) => ({
    matching: { ...MatchingPolicy.fromPartial({}), onExisting },
  });
  await app.configure({ ...pushed(), ...matching(MatchingPolicy_OnExisting.ON_EXISTING_SKIP) });
  await app.read([staff('1')]);
  expect(await writesOf(sp, app)).toBe(1);
  expect(await hasWork(app)).toBe(false);
  await app.configure({ ...pushed(), ...matching(MatchingPolicy_OnExisting.ON_EXISTING_FAIL) });
  expect(await writesOf(sp, app)).toBe(0);
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ groupCount: 0n, failingGroupCount: 1n });
  await callScim(sp, 'DELETE', `/Groups/${groupId}`);
  app.moveClock(86_400_000);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1']);
  expect(await groupFacts(app)).toEqual([
    ['autoprov.outcome.failed.v1', '45003'],
    ['autoprov.outcome.accepted.v1', 'ACTION_CREATE'],
  ]);
  const failed = (await app.facts()).find(({ type }) => type === 'autoprov.outcome.failed.v1');
  expect(failed?.body).toMatchObject({ group: `customers/acme/groups/${staffGroup}`, user: '', reason: 'DUPLICATE' });
}, 60_000);

test.each(providers)(
  'at %s a lost answer makes no second group and loses no member',
  async (_, startSp) => {
    const { sp, app } = await start(startSp);
    await app.configure(pushed());
    sp.run({ do: 'fault', effect: 'resetAfter', method: 'POST', path: '/Groups' });
    await app.read([staff('1'), staff('2'), staff('3')]);
    await app.push();
    app.moveClock(86_400_000);
    await app.push();
    expect(await membersOf(sp)).toEqual(['1', '2', '3']);
    // What cannot be repeated within the call is known as sent: who leaves meanwhile is taken out all the same.
    sp.run({ do: 'fault', effect: 'resetAfter', method: 'PATCH', path: '/Groups', times: 100 });
    await app.read([staff('4')]);
    await app.push();
    sp.run({ do: 'clearFaults' });
    expect(await membersOf(sp)).toEqual(['1', '2', '3', '4']);
    await app.read([staff('4', false)]);
    sp.run({ do: 'fault', effect: 'resetAfter', method: 'PATCH', path: '/Groups' });
    await app.push();
    app.moveClock(86_400_000);
    await app.push();
    expect(await membersOf(sp)).toEqual(['1', '2', '3']);
    expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ groupCount: 1n, failingGroupCount: 0n });
    expect(await hasWork(app)).toBe(false);
  },
  60_000,
);

test('250 members go in 3 requests and out in 3, one path each', async () => {
  const { sp, app } = await start(() => startScimmy({ uniqueness: false }));
  const people = ids(1_000, 250);
  await app.configure(pushed());
  await app.read(people.map((id) => staff(id)));
  await app.push();
  const patches = () => sp.counts().byMethod['PATCH'] ?? 0;
  expect(patches()).toBe(3);
  expect(await membersOf(sp)).toHaveLength(250);
  await app.read(people.map((id) => staff(id, false)));
  await app.push();
  expect(patches()).toBe(6);
  expect(await membersOf(sp)).toEqual([]);
}, 60_000);

test('a group that is not read whole loses nobody, and is made when it is', async () => {
  const { sp, app } = await start();
  await app.configure(pushed());
  await app.read([staff('1'), staff('2', false)], []);
  await app.push();
  expect(await listGroups(sp)).toEqual([]);
  await app.read([staff('2')]);
  app.moveClock(60_000);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1', '2']);
  await app.read([staff('1', false), staff('2', false)], []);
  expect(await writesOf(sp, app)).toBe(0);
  app.moveClock(60_000);
  expect(await writesOf(sp, app)).toBe(0);
  await app.read([staff('1')]);
  app.moveClock(60_000);
  expect(await writesOf(sp, app)).toBe(1);
  expect(await membersOf(sp)).toEqual(['1']);
}, 60_000);

test('lost memberships above the limits are held until they are approved', async () => {
  const { sp, app } = await start(startBetterAuth, { ...patient, guard: { ...guard(), maxSharePercent: 10 } });
  await app.configure(pushed());
  const people = ids(1_000, 20);
  await app.read(people.map((id) => staff(id)));
  await app.push();
  await app.read(people.slice(0, 8).map((id) => staff(id, false)));
  expect(await writesOf(sp, app)).toBe(0);
  const held = await listHeldActions(app.ctx, { parent: name, pageSize: 10, pageToken: '', state: 0 });
  expect(held.coveredCount).toBe(8n);
  expect(held.heldActions[0]).toMatchObject({ changes: [{ path: 'groups', oldValue: staffGroup }] });
  expect(await explain(app, '1000')).toEqual([[true, expect.stringContaining('the guard holds it')]]);
  // Everything else about them goes on, and who returns is not held any more.
  await app.read([{ ...staff('1000', false), title: 'Fellow' }, staff('1001')]);
  expect(await writesOf(sp, app)).toBe(1);
  await approveHeldActions(app.ctx, { app: name, approvalHash: held.approvalHash }, ann);
  await app.push();
  expect(await membersOf(sp)).toEqual(people.filter((id) => id === '1001' || people.indexOf(id) > 7));
  expect(await hasWork(app)).toBe(false);
}, 60_000);

test('a hold of removals keeps members in, and the release lets them go', async () => {
  const { sp, app } = await start();
  await app.configure(pushed());
  await app.read([staff('1'), staff('2'), staff('4')]);
  await app.push();
  // Under way when the hold comes.
  sp.run({ do: 'fault', effect: 'failBefore', method: 'PATCH', path: '/Groups', times: 100 });
  await app.read([staff('4', false)]);
  await app.push();
  sp.run({ do: 'clearFaults' });
  app.moveClock(86_400_000);
  await placeHold(app.ctx, { parent: name, what: Hold_What.WHAT_REMOVALS, reason: 'wait' }, ann);
  await app.read([staff('1', false), staff('3')]);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1', '2', '3', '4']);
  expect(await hasWork(app)).toBe(false);
  await releaseHold(app.ctx, { parent: name, what: Hold_What.WHAT_REMOVALS }, ann);
  await app.push();
  expect(await membersOf(sp)).toEqual(['2', '3']);
}, 60_000);

test('by PUT, what the service provider has is kept, and so are members of others', async () => {
  const { sp, app } = await start();
  await makeForeign(sp, 'Staff');
  const put = { update: ScimProfile_Update.UPDATE_PUT };
  await app.configure(pushed(), put);
  await app.read([staff('1'), staff('2')]);
  expect(await writesOf(sp, app)).toBe(3);
  expect(await membersOf(sp)).toEqual(['1', '2', 'outsider@example.com']);
  await app.read([staff('1', false)]);
  expect(await writesOf(sp, app)).toBe(1);
  expect(await membersOf(sp)).toEqual(['2', 'outsider@example.com']);
  expect(await writesOf(sp, app)).toBe(0);
}, 60_000);

test('a group that is not there any more is made anew with its members', async () => {
  const { sp, app } = await start();
  await app.configure(pushed());
  await app.read([staff('1'), staff('2')]);
  await app.push();
  const [group] = await listGroups(sp);
  await callScim(sp, 'DELETE', `/Groups/${group!.id}`);
  await app.read([staff('3')]);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1', '2', '3']);
}, 60_000);

test('an account that is not there keeps nobody else out of the group', async () => {
  const { sp, app } = await start();
  const people = ids(1_000, 130);
  await app.configure();
  await app.read(people.map((id) => staff(id)));
  await app.push();
  const gone = (await listAccounts(sp)).find(({ externalId }) => externalId === '1003');
  await callScim(sp, 'DELETE', `/Users/${gone!.id}`);
  await app.configure(pushed());
  await app.push();
  expect(await membersOf(sp)).toEqual(people.filter((id) => id !== '1003'));
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ failingGroupCount: 1n });
}, 60_000);

test('who is out of scope or suspended joins no group; whose account comes back is a member again', async () => {
  const { sp, app } = await start();
  const deleteAtOnce = { suspendAfter: undefined, deleteAfter: { seconds: 0n, nanos: 0 } };
  const scope = { ...ProvisioningScope.fromPartial({}), excludedPersons: ['2'] };
  const deprovisioning = { suspended: deleteAtOnce, outOfScope: undefined, archived: undefined, deleted: undefined };
  await app.configure({ ...pushed(), scope, deprovisioning });
  const suspended = { ...staff('3'), state: DirectoryUser_State.STATE_SUSPENDED };
  await app.read([staff('1'), staff('2'), suspended, staff('4')]);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1', '4']);
  expect(await explain(app, '1')).toEqual([[true, 'a member']]);
  expect(await explain(app, '2')).toEqual([[false, expect.stringContaining('out of scope')]]);
  await app.read([{ ...staff('4'), state: DirectoryUser_State.STATE_SUSPENDED }]);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1']);
  await app.read([staff('4')]);
  await app.push();
  expect(await membersOf(sp)).toEqual(['1', '4']);
}, 60_000);

test('a group that a killed worker had made is found again, with its members, whatever the policy says of others', async () => {
  const { sp, app } = await start(() => startScimmy({ uniqueness: false }));
  const matching = { ...MatchingPolicy.fromPartial({}), onExisting: MatchingPolicy_OnExisting.ON_EXISTING_FAIL };
  await app.configure({ ...pushed(), matching });
  await app.read([staff('1'), staff('2')]);
  await app.push();
  // What a kill leaves between the requests and their answers.
  await app.pool.query(
    `update scim_groups set scim_id = null, origin = null, display_name = null, intent_at = now(), due_at = now()`,
  );
  await app.pool.query(`update scim_group_members set state = 'sent'`);
  expect(await writesOf(sp, app)).toBe(0);
  expect(await membersOf(sp)).toEqual(['1', '2']);
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({ groupCount: 1n, failingGroupCount: 0n });
  expect(await hasWork(app)).toBe(false);
}, 60_000);

test('a new revision ends the push of groups between pages, and the next pass goes on', async () => {
  const { sp, app } = await start();
  const groups = ids(1, 3).map((n) => ({ group: `g${n}@example.com`, displayName: '' }));
  await app.configure({ pushedGroups: groups });
  const names = groups.map(({ group }) => group);
  await app.read([{ id: '1', groups: names }], names);
  sp.run({ do: 'setLatency', latencyMs: 100 });
  const pass = app.push();
  await waitUntil('the first group', async () => (await listGroups(sp)).length > 0, Date.now() + 20_000);
  await app.configure({ pushedGroups: groups.slice(0, 1) });
  await pass;
  sp.run({ do: 'clearFaults' });
  await app.push();
  expect((await listGroups(sp)).length).toBeLessThan(3);
  expect(await membersOf(sp, 'g1')).toEqual(['1']);
  expect(await hasWork(app)).toBe(false);
}, 60_000);
