import { expect, test } from '@jest/globals';
import { DirectoryUser_State, Outcome_Action as Action, ProvisioningScope } from '@autoprov/proto';
import { callScim, listAccounts, readFrontCounts, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { mappingRows, staffGroup, startTestApp, type TestApp, type TestPerson } from '../push/test-app.fixture.ts';
import { approveHeldActions } from './approve-held-actions.ts';
import { explainAccess } from './explain-access.ts';
import { listHeldActions } from './list-held-actions.ts';
import { planUndo, startUndo } from './undo.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ann = { caller: 'cli', person: 'ann@acme.example' };
const scope = ProvisioningScope.fromPartial({ groups: [staffGroup] });
const people: TestPerson[] = Array.from({ length: 10 }, (_, i) => ({
  id: String(10 + i),
  isStaff: true,
  title: 'Engineer',
}));
/** As a mistake in the mapping makes it. */
const wrongTitle = mappingRows().map((row) =>
  row.target === 'title' ? { ...row, source: { $case: 'expression' as const, value: '"Fellow"' } } : row,
);

/** An app whose people have had accounts for an hour; the guard lets all go. */
async function start(guard = { maxCount: 500, maxSharePercent: 100, windowMs: 86_400_000 }) {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { guard });
  started.push(app);
  await app.configure({ scope });
  await app.read(people);
  await app.push();
  app.moveClock(3_600_000);
  const since = app.ctx.now();
  app.moveClock(60_000);
  return { sp, app, since };
}

const shown = async (sp: ServiceProvider) =>
  Object.fromEntries(
    (await listAccounts(sp)).map(({ externalId, active, title }) => [externalId, active ? (title ?? '') : 'off']),
  );
const plan = (app: TestApp, since: Date) => planUndo(app.ctx, { app: name, since, pageSize: 0, pageToken: '' });
const undo = (app: TestApp, since: Date) => startUndo(app.ctx, { app: name, since, reason: 'a wrong mapping' }, ann);

test('a mapping and a scope that were wrong are undone: attributes and access, and a further pass writes nothing', async () => {
  const { sp, app, since } = await start();
  const before = await shown(sp);
  await app.configure({ scope, attributeMapping: { rows: wrongTitle } });
  await app.read([
    ...people.slice(0, 3).map((person) => ({ ...person, isStaff: false })),
    { id: '90', isStaff: true, title: 'Newcomer' },
  ]);
  await app.push();
  const wrong = Map.groupBy(Object.values(await shown(sp)), (title) => title);
  expect([wrong.get('Fellow')?.length, wrong.get('off')?.length]).toEqual([8, 3]);

  app.moveClock(60_000);
  const { actions, unrestorable } = await plan(app, since);
  expect(unrestorable).toEqual([]);
  const ofAction = (wanted: Action) =>
    actions.filter(({ action }) => action === wanted).map(({ user }) => user.slice(-2));
  expect(ofAction(Action.ACTION_REACTIVATE)).toEqual(['10', '11', '12']);
  expect(ofAction(Action.ACTION_UPDATE)).toEqual(['13', '14', '15', '16', '17', '18', '19']);
  expect(ofAction(Action.ACTION_SUSPEND)).toEqual(['90']);
  expect((await shown(sp))['10']).toBe('off');
  expect(await undo(app, since)).toEqual({ accountCount: 11n });
  await app.push();
  expect(await shown(sp)).toEqual({ ...before, '90': 'off' });

  // So it stays: also when everybody is announced again.
  const { writes } = await readFrontCounts(sp);
  app.moveClock(60_000);
  await app.push();
  expect((await plan(app, since)).actions).toEqual([]);
  expect((await readFrontCounts(sp)).writes).toBe(writes);
  // The setup is corrected: everybody is decided anew, and only what differs is written.
  await app.configure({ scope });
  await app.push();
  const now = await shown(sp);
  expect(now).toEqual({ ...before, 10: 'off', 11: 'off', 12: 'off', 90: 'Newcomer' });
});

test('who changes in the directory after an undo is decided anew', async () => {
  const { sp, app, since } = await start();
  await app.configure({ scope, attributeMapping: { rows: wrongTitle } });
  await app.push();
  await undo(app, since);
  await app.push();
  expect((await shown(sp))['10']).toBe('Engineer');
  app.moveClock(60_000);
  await app.read([{ ...people[0]!, title: 'Chief', observedAt: app.ctx.now() }]);
  await app.push();
  expect(await shown(sp)).toMatchObject({ 10: 'Fellow', 11: 'Engineer' });
});

test('an undo gives nobody access whom the directory denies it', async () => {
  const { sp, app, since } = await start();
  await app.read([{ ...people[0]!, state: DirectoryUser_State.STATE_SUSPENDED }]);
  await app.push();
  expect((await plan(app, since)).actions).toEqual([]);
  await undo(app, since);
  await app.push();
  expect((await shown(sp))['10']).toBe('off');
});

test('accounts that were deleted or adopted since are listed, and left as they are', async () => {
  const { sp, app, since } = await start();
  const noWait = { seconds: 0n, nanos: 0 };
  const atOnce = { suspendAfter: undefined, deleteAfter: noWait };
  const deprovisioning = { outOfScope: atOnce, suspended: undefined, archived: undefined, deleted: undefined };
  await app.configure({ scope, deprovisioning });
  await callScim(sp, 'POST', '/Users', { schemas: [userUrn], userName: 'p90@example.com', title: 'Guest' });
  await app.read([
    { ...people[0]!, isStaff: false },
    { id: '90', isStaff: true, title: 'Newcomer' },
  ]);
  await app.push();
  const { actions, unrestorable } = await plan(app, since);
  expect(actions).toEqual([]);
  expect(unrestorable).toMatchObject([
    { user: 'customers/acme/users/10', explanation: expect.stringContaining('deleted') },
    { user: 'customers/acme/users/90', explanation: expect.stringContaining('was there before it was linked') },
  ]);
  expect(await undo(app, since)).toEqual({ accountCount: 0n });
  await app.push();
  const now = await shown(sp);
  expect(Object.keys(now)).toHaveLength(10);
  expect(now).toMatchObject({ 90: 'Newcomer' });
});

test('what an undo takes away is held by the guard like any other removal, and tells who asked for it', async () => {
  const { sp, app, since } = await start({ maxCount: 1, maxSharePercent: 1, windowMs: 86_400_000 });
  const newcomers = Array.from({ length: 5 }, (_, i) => ({ id: String(50 + i), isStaff: true }));
  await app.read(newcomers);
  await app.push();
  app.moveClock(60_000);
  await undo(app, since);
  await app.push();
  expect(Object.values(await shown(sp))).not.toContain('off');
  const held = await listHeldActions(app.ctx, { parent: name, pageSize: 10, pageToken: '', state: 0 });
  expect(held.coveredCount).toBe(5n);
  await approveHeldActions(app.ctx, { app: name, approvalHash: held.approvalHash }, ann);
  await app.push();
  expect(Object.values(await shown(sp)).filter((title) => title === 'off')).toHaveLength(5);
  const answer = await explainAccess(app.ctx, { app: name, user: 'customers/acme/users/50', asOf: undefined });
  expect(answer.explanation).toContain('undone');
});
