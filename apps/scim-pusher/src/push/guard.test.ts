import { expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import {
  Danger,
  GetAppStatusResponse_State,
  GuardPolicy,
  HeldAction_State,
  MappingRow,
  ProvisioningScope,
} from '@autoprov/proto';
import { listAccounts, readFrontCounts, startBetterAuth, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { explainUser } from '../rpc/explain-user.ts';
import { getAppStatus } from '../rpc/get-app-status.ts';
import { listHeldActions } from '../rpc/list-held-actions.ts';
import { countHeldByApp } from '../store/held-actions.ts';
import { ann, approve, held, ids, name, suspended, suspendedIds } from './guard.fixture.ts';
import { pushApp } from './push-app.ts';
import { mappingRows, patient, startTestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const dayMs = 86_400_000;
const people = (count: number): TestPerson[] => ids(1000, count).map((id) => ({ id }));
const scopeWithout = (excluded: readonly string[]) => ({
  scope: { ...ProvisioningScope.fromPartial({}), excludedPersons: [...excluded] },
});

/** An app whose people have arrived. */
async function start(count: number, makeSp: () => Promise<ServiceProvider> = startBetterAuth) {
  const sp = await makeSp();
  started.push(sp);
  const app = await startTestApp(sp, patient);
  started.push(app);
  await app.configure();
  await app.read(people(count));
  await app.push();
  return { sp, app };
}

async function writesDuring(sp: ServiceProvider, act: () => Promise<unknown>): Promise<number> {
  const before = (await readFrontCounts(sp)).writes;
  await act();
  return (await readFrontCounts(sp)).writes - before;
}

test('a narrowed scope: all who would lose access are held, some return, more leave: what was seen is applied', async () => {
  const { sp, app } = await start(60);
  const out = ids(1000, 30);
  await app.configure(scopeWithout([...out, ...ids(1040, 5)]));
  // Others go on.
  await app.read([{ id: '1059', title: 'Fellow' }, ...ids(1060, 2).map((id) => ({ id }))]);
  expect(await writesDuring(sp, () => app.push())).toBe(3);
  const seen = await held(app);
  expect(seen.ids).toEqual([...out, ...ids(1040, 5)]);
  expect(seen.actions[0]).toMatchObject({
    danger: Danger.DANGER_LOSS_OF_ACCESS,
    explanation: expect.stringContaining('out of scope'),
  });

  // Whoever is in the directory another way keeps access only if the scope says so: five leave the company besides.
  await app.read(ids(1050, 5).map(suspended));
  await app.push();
  expect(await suspendedIds(sp)).toEqual([]);
  expect((await held(app)).ids).toEqual([...out, ...ids(1040, 5), ...ids(1050, 5)]);
  expect(await approve(app, seen.approvalHash)).toEqual({ approvedCount: 35n, droppedCount: 0n, waitingCount: 5n });
  await app.push();
  expect(await suspendedIds(sp)).toEqual([...out, ...ids(1040, 5)]);
  expect((await held(app)).ids).toEqual(ids(1050, 5));
  expect((await held(app, HeldAction_State.STATE_APPLIED)).actions[0]).toMatchObject({ approver: ann.person });
}, 60_000);

test('of what an approval covers, those who returned before it are dropped and listed, and those who left since wait', async () => {
  const { sp, app } = await start(60);
  await app.read(ids(1000, 30).map(suspended));
  await app.push();
  const seen = await held(app);
  await app.read([...ids(1000, 10).map((id) => ({ id })), ...ids(1040, 5).map(suspended)]);
  expect(await writesDuring(sp, () => app.push())).toBe(0);
  expect(await approve(app, seen.approvalHash)).toEqual({ approvedCount: 20n, droppedCount: 10n, waitingCount: 5n });
  // Whoever did not get the answer asks again, and it is the same.
  expect(await approve(app, seen.approvalHash)).toEqual({ approvedCount: 20n, droppedCount: 10n, waitingCount: 5n });
  // One more returns between approval and push.
  await app.read([{ id: '1010' }]);
  await app.push();
  expect(await suspendedIds(sp)).toEqual(ids(1011, 19));
  expect((await held(app)).ids).toEqual(ids(1040, 5));
  const dropped = await held(app, HeldAction_State.STATE_DROPPED);
  expect(dropped.ids).toEqual(ids(1000, 11));
  expect(dropped.actions[0]).toMatchObject({ endReason: 'it is no longer asked for' });
  expect(await writesDuring(sp, () => app.push())).toBe(0);
}, 60_000);

test('an approval is refused as a whole when the setup has changed since, and everybody is held again', async () => {
  const { sp, app } = await start(40);
  await app.configure(scopeWithout(ids(1000, 20)));
  await app.push();
  const seen = await held(app);
  await app.configure(scopeWithout(ids(1000, 25)));
  const stale = { code: status.FAILED_PRECONDITION, reason: 'STALE_APPROVAL' };
  expect(await approve(app, seen.approvalHash).catch(rpcErrorOf)).toMatchObject(stale);
  await app.push();
  expect(await approve(app, seen.approvalHash).catch(rpcErrorOf)).toMatchObject(stale);
  expect(await suspendedIds(sp)).toEqual([]);
  const again = await held(app);
  expect(again.ids).toEqual(ids(1000, 25));
  // Approved, and changed before it was applied: nothing of it goes.
  await approve(app, again.approvalHash);
  await app.configure(scopeWithout(ids(1000, 24)));
  await app.push();
  expect(await suspendedIds(sp)).toEqual([]);
  expect((await held(app)).ids).toEqual(ids(1000, 24));
  expect(await approve(app, '7-wrong').catch(rpcErrorOf)).toMatchObject({ code: status.INVALID_ARGUMENT });
}, 60_000);

test('a few leavers go at once, until within the window they are too many; later there is room again', async () => {
  const { sp, app } = await start(40);
  for (const id of ids(1000, 4)) {
    await app.read([suspended(id)]);
    await app.push();
  }
  expect(await suspendedIds(sp)).toEqual(ids(1000, 4));
  // Two at once are one more than the limit leaves: neither goes.
  await app.read(ids(1004, 2).map(suspended));
  await app.push();
  expect(await suspendedIds(sp)).toEqual(ids(1000, 4));
  expect((await held(app)).ids).toEqual(ids(1004, 2));
  app.moveClock(dayMs + 1);
  // What is held stays so until it is approved, and still counts.
  await app.read(ids(1006, 3).map(suspended));
  await app.push();
  expect(await suspendedIds(sp)).toEqual([...ids(1000, 4), ...ids(1006, 3)]);
  expect((await held(app)).ids).toEqual(ids(1004, 2));
}, 60_000);

test('a mapping that would change every user name is held, and what else it changes is written', async () => {
  const { sp, app } = await start(30);
  const rows = mappingRows().map((row) =>
    row.target === 'userName'
      ? { ...row, source: { $case: 'expression' as const, value: '"x-" + user.primaryEmail' } }
      : row,
  );
  const title = {
    ...MappingRow.fromPartial({ target: 'title' }),
    source: { $case: 'constant' as const, value: 'Staff' },
  };
  await app.configure({ attributeMapping: { rows: [...rows.filter(({ target }) => target !== 'title'), title] } });
  expect(await writesDuring(sp, () => app.push())).toBe(30);
  expect(await listAccounts(sp)).toContainEqual(
    expect.objectContaining({ userName: 'p1000@example.com', title: 'Staff' }),
  );
  const seen = await held(app);
  expect(seen.actions).toHaveLength(30);
  const changes = [{ path: 'userName', oldValue: 'p1000@example.com', newValue: 'x-p1000@example.com' }];
  expect(seen.actions[0]).toMatchObject({ danger: Danger.DANGER_CHANGED_IDENTITY, changes });
  await app.read([]);
  expect(await writesDuring(sp, () => app.push())).toBe(0);
  await approve(app, seen.approvalHash);
  expect(await writesDuring(sp, () => app.push())).toBe(30);
  expect((await listAccounts(sp)).every(({ userName }) => userName!.startsWith('x-'))).toBe(true);
}, 60_000);

test('a mapping that changes the outcome of some writes those only', async () => {
  const { sp, app } = await start(60);
  await app.read(ids(1000, 7).map((id) => ({ id, title: 'Engineer' })));
  await app.push();
  const rows = mappingRows().map((row) =>
    row.target === 'title'
      ? {
          ...row,
          source: {
            $case: 'expression' as const,
            value: 'has(user.organizations) ? "Dr. " + user.organizations[0].title : ""',
          },
        }
      : row,
  );
  await app.configure({ attributeMapping: { rows } });
  expect(await writesDuring(sp, () => app.push())).toBe(7);
}, 60_000);

test('attributes cleared for many are held, and a mapping that is put right again cancels that by itself', async () => {
  const { sp, app } = await start(1);
  const titled = ids(1000, 30).map((id) => ({ id, title: 'Engineer' }));
  await app.read(titled);
  await app.push();
  await app.read(ids(1000, 30).map((id) => ({ id })));
  expect(await writesDuring(sp, () => app.push())).toBe(0);
  expect((await held(app)).actions[7]).toMatchObject({
    danger: Danger.DANGER_CLEARED_ATTRIBUTE,
    changes: [{ path: 'title', oldValue: 'Engineer', newValue: undefined }],
  });
  await app.read(titled);
  expect(await writesDuring(sp, () => app.push())).toBe(0);
  expect((await held(app)).actions).toEqual([]);
}, 60_000);

test('a protected person keeps access, whatever is approved', async () => {
  const { sp, app } = await start(10);
  const guard = GuardPolicy.fromPartial({ protectedPersons: ['P1000@example.com'] });
  await app.configure({ guard });
  await app.read(['1000', '1001'].map(suspended));
  await app.push();
  expect(await suspendedIds(sp)).toEqual(['1001']);
  const seen = await held(app);
  expect(seen.actions).toMatchObject([{ isProtected: true }]);
  // Nothing waits for anybody.
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({
    state: GetAppStatusResponse_State.STATE_IN_STEP,
    heldCount: 0n,
  });
  expect(await countHeldByApp(app.pool)).toEqual([]);
  expect(await approve(app, seen.approvalHash).catch(rpcErrorOf)).toMatchObject({ code: status.INVALID_ARGUMENT });
  await app.configure();
  await app.push();
  expect(await suspendedIds(sp)).toEqual(['1000', '1001']);
}, 60_000);

test('wherever passes are broken off, no more than the limit lose access, and nobody is forgotten', async () => {
  const { sp, app } = await start(60, () => startScimmy({ uniqueness: true }));
  const key = { customerId: 'acme', appId: 'crm' };
  for (let round = 0; round < 8; round++) {
    await app.read(ids(1000 + 2 * round, 2).map(suspended));
    // A worker that stops, as with a lost lease: earlier or later in its pass. The first is let be, so that some are off.
    const stopping = new AbortController();
    const timer = setTimeout(() => stopping.abort(), round === 0 ? 30_000 : round * 10);
    await pushApp(app.ctx, key, stopping.signal);
    clearTimeout(timer);
  }
  await app.push();
  const off = await suspendedIds(sp);
  expect(off.length).toBeGreaterThan(0);
  expect(off.length).toBeLessThanOrEqual(6);
  expect([...off, ...(await held(app)).ids].sort()).toEqual(ids(1000, 16));
}, 60_000);

test('every page of what is held gives the hash of the first, whatever is approved meanwhile', async () => {
  const { app } = await start(20);
  await app.read(ids(1000, 9).map(suspended));
  await app.push();
  const list = (pageToken: string) => listHeldActions(app.ctx, { parent: name, pageSize: 7, pageToken, state: 0 });
  const { nextPageToken, approvalHash, coveredCount } = await list('');
  await approve(app, approvalHash);
  expect(await list(nextPageToken)).toMatchObject({ approvalHash, coveredCount });
  const forged = Buffer.from(JSON.stringify(['1', 'hash', '1', '1'])).toString('base64url');
  expect(await list(forged).catch(rpcErrorOf)).toMatchObject({ fieldViolations: [{ field: 'page_token' }] });
}, 60_000);

test('the status and an explanation say what waits and for whom', async () => {
  const { app } = await start(20);
  await app.read(ids(1000, 8).map(suspended));
  await app.push();
  expect(await getAppStatus(app.ctx, { app: name })).toMatchObject({
    heldCount: 8n,
    explanation: expect.stringContaining('8 changes wait'),
  });
  const answer = await explainUser(app.ctx, { app: name, user: 'customers/acme/users/1003' });
  expect(answer).toMatchObject({
    next: { held: true, dangers: [Danger.DANGER_LOSS_OF_ACCESS] },
    held: [{ state: HeldAction_State.STATE_HELD }],
  });
}, 60_000);
