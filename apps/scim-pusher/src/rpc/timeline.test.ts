import { expect, test } from '@jest/globals';
import {
  ExplainAccessResponse_Cause as Cause,
  Hold_What,
  ProvisioningScope,
  TimelineEntry_Kind as Kind,
} from '@autoprov/proto';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { commandFront, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { staffGroup, startTestApp, type TestApp, type TestPerson } from '../push/test-app.fixture.ts';
import { approveHeldActions } from './approve-held-actions.ts';
import { explainAccess } from './explain-access.ts';
import { listHeldActions } from './list-held-actions.ts';
import { listTimeline } from './list-timeline.ts';
import { placeHold } from './place-hold.ts';
import { releaseHold } from './release-hold.ts';
import { forgetHistory } from '../forget-history.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const person = { caller: 'cli', person: 'ann@acme.example' };
const HOUR = 3_600_000;
const staffOnly = ProvisioningScope.fromPartial({ groups: [staffGroup] });
const ada: TestPerson = { id: '1', email: 'ada@example.com', isStaff: true };
const leaver: TestPerson = { ...ada, isStaff: false };
const others = Array.from({ length: 9 }, (_, i) => ({ id: String(10 + i), isStaff: true }));

/** An app whose people have had accounts for an hour, and what the reader says of incomplete reads. */
async function start(setup: Parameters<TestApp['configure']>[0] = {}) {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { retryForMs: 0 });
  started.push(app);
  const gaps: object[] = [];
  app.ctx.directory = { listReadGaps: async () => ({ gaps }) } as never;
  await app.configure({ scope: staffOnly, ...setup });
  await app.read([ada, ...others]);
  await app.push();
  app.moveClock(HOUR);
  return { sp, app, gaps };
}

/** An hour later, and then another: the time in between. */
function wait(app: TestApp): Date {
  app.moveClock(HOUR);
  const between = app.ctx.now();
  app.moveClock(HOUR);
  return between;
}

const explain = (app: TestApp, asOf?: Date) =>
  explainAccess(app.ctx, { app: name, user: 'customers/acme/users/ada@example.com', asOf });
const kinds = async (app: TestApp) => (await timeline(app)).map(({ kind }) => kind);

async function timeline(app: TestApp, pageSize = 500) {
  const entries = [];
  for (let pageToken = ''; ;) {
    const request = { parent: name, user: 'customers/acme/users/1', startTime: undefined, endTime: undefined };
    const page = await listTimeline(app.ctx, { ...request, pageSize, pageToken });
    entries.push(...page.entries);
    if (page.nextPageToken === '') return entries;
    pageToken = page.nextPageToken;
  }
}

const breakDown = (sp: ServiceProvider) =>
  commandFront(sp, { do: 'fault', effect: 'failBefore', status: 503, times: 10_000 });

test('somebody who still had access while the service provider was down is explained, to the minute', async () => {
  const { sp, app } = await start();
  await app.read([leaver]);
  const knownAt = app.ctx.now();
  await breakDown(sp);
  for (let i = 0; i < 6; i++) {
    await app.push();
    app.moveClock(60_000);
  }
  const then = wait(app);
  await commandFront(sp, { do: 'clearFaults' });
  await app.push();
  const answer = await explain(app, then);
  expect(answer).toMatchObject({ cause: Cause.CAUSE_APP_DOWN, asOf: then });
  expect(answer.explanation).toContain(`known since ${knownAt.toISOString().slice(0, 16)}Z`);
  expect(answer.changeTime!.getTime()).toBeGreaterThan(then.getTime());
  expect(answer.evidence.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining([Kind.KIND_DIRECTORY_CHANGED, Kind.KIND_APP_DOWN, Kind.KIND_ACCEPTED]),
  );
  expect(await explain(app)).toMatchObject({ cause: Cause.CAUSE_AS_WANTED });
});

test('… while the removal was held, and while a hold was in effect, with who ended it', async () => {
  // One removal may always go: two are more than the policy lets go.
  const { app } = await start({ guard: { maxCount: 1, maxSharePercent: 1, window: undefined, protectedPersons: [] } });
  await placeHold(app.ctx, { parent: name, what: Hold_What.WHAT_REMOVALS, reason: 'the org chart is wrong' }, person);
  await app.read([leaver, ...others.slice(0, 3).map((other) => ({ ...other, isStaff: false }))]);
  await app.push();
  const underHold = wait(app);
  await releaseHold(app.ctx, { parent: name, what: Hold_What.WHAT_REMOVALS }, person);
  await app.push();
  const guarded = wait(app);
  const { approvalHash } = await listHeldActions(app.ctx, { parent: name, pageSize: 1, pageToken: '', state: 0 });
  await approveHeldActions(app.ctx, { app: name, approvalHash }, person);
  await app.push();

  expect(await explain(app, underHold)).toMatchObject({
    cause: Cause.CAUSE_HOLD,
    explanation: expect.stringContaining(
      'ann@acme.example held removals of customers/acme/apps/crm (the org chart is wrong)',
    ),
  });
  expect(await explain(app, guarded)).toMatchObject({ cause: Cause.CAUSE_GUARD });
  const told = await timeline(app);
  expect(told.map(({ kind }) => kind)).toEqual([
    Kind.KIND_SETUP_CHANGED,
    Kind.KIND_DIRECTORY_CHANGED,
    Kind.KIND_ACCEPTED,
    Kind.KIND_HOLD_PLACED,
    Kind.KIND_DIRECTORY_CHANGED,
    Kind.KIND_SCHEDULED,
    Kind.KIND_HOLD_RELEASED,
    Kind.KIND_HELD,
    Kind.KIND_APPROVED,
    Kind.KIND_ACCEPTED,
  ]);
  const approved = told.find(({ kind }) => kind === Kind.KIND_APPROVED);
  expect(approved).toMatchObject({ actor: 'ann@acme.example' });
});

test('… while a waiting time ran, and that it was cancelled', async () => {
  const day = { seconds: 86_400n, nanos: 0 };
  const outOfScope = { suspendAfter: day, deleteAfter: undefined };
  const deprovisioning = { outOfScope, suspended: undefined, archived: undefined, deleted: undefined };
  const { app } = await start({ deprovisioning });
  await app.read([leaver]);
  await app.push();
  const then = wait(app);
  await app.read([ada]);
  await app.push();
  expect(await explain(app, then)).toMatchObject({ cause: Cause.CAUSE_TIMER, changeTime: undefined });
  expect(await kinds(app)).toEqual(expect.arrayContaining([Kind.KIND_SCHEDULED, Kind.KIND_UNSCHEDULED]));
});

test('… while a group was not read whole: what it hid is named', async () => {
  const { app, gaps } = await start();
  const startTime = app.ctx.now();
  const then = wait(app);
  await app.read([{ ...leaver, observedAt: app.ctx.now() }]);
  await app.push();
  app.moveClock(60_000);
  const part = `groups/${staffGroup}`;
  gaps.push({
    part,
    knownTime: startTime,
    startTime,
    endTime: app.ctx.now(),
    code: '50001',
    detail: 'Google said 503',
  });
  expect(await explain(app, then)).toMatchObject({
    cause: Cause.CAUSE_READ_INCOMPLETE,
    causeSince: startTime,
    explanation: expect.stringContaining(`leaves ${staffGroup}`),
  });
});

test('a first sync keeps no version of anybody: what never changes costs nothing', async () => {
  const { app } = await start();
  const { rows } = await app.pool.query(`select from user_versions union all select from account_versions`);
  expect(rows).toHaveLength(0);
});

test('pages of a timeline are the timeline, and the time before a person was known is no guess', async () => {
  const { app } = await start();
  await app.read([{ ...ada, title: 'Fellow' }]);
  await app.push();
  const whole = await timeline(app);
  expect(whole.length).toBeGreaterThanOrEqual(5);
  expect(await timeline(app, 1)).toEqual(whole);
  expect(whole.at(-1)).toMatchObject({ changes: [{ path: 'title', newValue: 'Fellow' }] });
  const asked = explain(app, new Date(Date.now() - HOUR));
  expect(await asked.catch(rpcErrorOf)).toMatchObject({ code: status.NOT_FOUND });
  const future = explain(app, new Date(app.ctx.now().getTime() + HOUR));
  expect(await future.catch(rpcErrorOf)).toMatchObject({ code: status.INVALID_ARGUMENT });
});

test('what is older than it is kept is forgotten, and what is so now is not', async () => {
  const { app } = await start();
  await app.read([{ ...ada, title: 'Fellow' }]);
  await app.push();
  app.moveClock(HOUR);
  await forgetHistory({ ...app.ctx, settings: { ...app.ctx.settings, historyKeptMs: 0 } });
  expect(await kinds(app)).toEqual([Kind.KIND_SETUP_CHANGED, Kind.KIND_DIRECTORY_CHANGED]);
  expect(await explain(app)).toMatchObject({ cause: Cause.CAUSE_AS_WANTED });
});
