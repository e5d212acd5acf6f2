import { expect, test } from '@jest/globals';
import {
  ComparisonFinding_Kind as Kind,
  ComparisonFinding_Repair as Repair,
  ComparisonPolicy,
  ComparisonPolicy_Action,
  GetComparisonRequest,
  MappingRow,
  type GetComparisonResponse,
} from '@autoprov/proto';
import {
  callScim,
  listAccounts,
  readFrontCounts,
  readFrontLog,
  startBetterAuth,
  startScimmy,
  type ServiceProvider,
} from '@autoprov/testing';
import { compareAccounts } from '../rpc/compare-accounts.ts';
import { getAppStatus } from '../rpc/get-app-status.ts';
import { getComparison } from '../rpc/get-comparison.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { leftAccount } from './adopt.fixture.ts';
import { approve, held } from './guard.fixture.ts';
import { patient, startTestApp, type TestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const app = 'customers/acme/apps/crm';
const people: TestPerson[] = Array.from({ length: 12 }, (_, i) => ({ id: String(10 + i), title: 'Engineer' }));
const [ada, bob, eve] = people as [TestPerson, TestPerson, TestPerson];
const repair = { comparison: { ...ComparisonPolicy.fromPartial({}), action: ComparisonPolicy_Action.ACTION_REPAIR } };

async function start(setup: Parameters<TestApp['configure']>[0] = {}, sp?: ServiceProvider) {
  const provider = sp ?? (await startScimmy({ uniqueness: true }));
  started.push(provider);
  const test = await startTestApp(provider, { ...patient, retryForMs: 0 });
  started.push(test);
  await test.configure(setup);
  await test.read(people);
  await test.push();
  return { sp: provider, test, ...commandsOf(provider, test) };
}

function commandsOf(sp: ServiceProvider, test: TestApp) {
  /** Passes until nothing can be done, and the requests that they wrote with. */
  const settle = async () => {
    const before = (await readFrontCounts(sp)).writes;
    for (let passes = 0; passes === 0 || (await listAppsWithWork(test.pool, test.ctx.now())).length > 0; passes++) {
      if (passes > 50) throw new Error('passes never end');
      await test.push();
    }
    return (await readFrontCounts(sp)).writes - before;
  };
  const result = () => getComparison(test.ctx, GetComparisonRequest.fromPartial({ app, pageSize: 500 }));
  /** One comparison with all that follows from it. */
  const compare = async (): Promise<GetComparisonResponse & { writes: number }> => {
    await compareAccounts(test.ctx, { app });
    const writes = await settle();
    return { ...(await result()), writes };
  };
  const accountOf = async ({ id }: TestPerson) =>
    (await listAccounts(sp)).find(
      ({ externalId, userName }) => externalId === id || userName === `p${id}@example.com`,
    )!;
  const change = async (person: TestPerson, operations: object[]) =>
    callScim(sp, 'PATCH', `/Users/${(await accountOf(person)).id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: operations,
    });
  const retitle = (person: TestPerson, value: string) => change(person, [{ op: 'replace', path: 'title', value }]);
  return { settle, result, compare, accountOf, change, retitle };
}

const kindsOf = ({ findings }: GetComparisonResponse) => findings.map(({ kind }) => kind);

test('a report says which attribute of whom is not as accepted, and writes nothing', async () => {
  const { sp, compare, retitle, change, test } = await start();
  await retitle(ada, 'Boss');
  await change(bob, [{ op: 'replace', path: 'externalId', value: '00u1ab2cd3EF4gh5IJ6k' }]);
  const { comparison, findings, writes } = await compare();
  expect(writes).toBe(0);
  expect(comparison).toMatchObject({ complete: true, listedCount: 12n, comparedCount: 12n, driftedCount: 2n });
  expect(comparison).toMatchObject({ missingCount: 0n, orphanCount: 0n, unlinkedCount: 0n });
  expect(findings.find(({ user }) => user.endsWith('/10'))).toMatchObject({
    kind: Kind.KIND_DRIFT,
    attribute: 'title',
    accepted: 'Engineer',
    found: 'Boss',
    repair: Repair.REPAIR_UNSPECIFIED,
  });
  expect(findings.find(({ user }) => user.endsWith('/11'))).toMatchObject({
    attribute: 'externalId',
    externalIdOrigin: 'okta user id',
  });
  expect(comparison?.secondWriters).toHaveProperty('okta user id', 1n);
  expect((await listAccounts(sp)).filter(({ title }) => title === 'Boss')).toHaveLength(1);
  expect((await getAppStatus(test.ctx, { app })).comparison).toMatchObject({ driftedCount: 2n });
});

test('a repair writes once for each account that others have changed, and not at all where all is well', async () => {
  const { compare, accountOf, retitle } = await start(repair);
  expect(await compare()).toMatchObject({ writes: 0, findings: [] });
  await retitle(ada, 'Boss');
  const { findings, writes } = await compare();
  expect(findings).toMatchObject([{ attribute: 'title', repair: Repair.REPAIR_DUE }]);
  expect(writes).toBe(1);
  expect((await accountOf(ada)).title).toBe('Engineer');
  expect(await compare()).toMatchObject({ writes: 0, findings: [] });
});

test('an attribute that is changed again after its repair is left, and told: two writers do not fight', async () => {
  const { compare, accountOf, retitle } = await start(repair);
  await retitle(ada, 'Boss');
  await compare();
  await retitle(ada, 'Boss');
  const again = await compare();
  expect(again).toMatchObject({ writes: 0, findings: [{ attribute: 'title', repair: Repair.REPAIR_STOPPED }] });
  expect((await accountOf(ada)).title).toBe('Boss');
  expect((await compare()).writes).toBe(0);
});

test('a repair that may do harm is the guard’s: more changed user names than the limits leave wait for an approval', async () => {
  const { test, compare, settle, change } = await start(repair);
  for (const person of people)
    await change(person, [{ op: 'replace', path: 'userName', value: `other-${person.id}@example.com` }]);
  expect((await compare()).writes).toBe(0);
  const seen = await held(test);
  expect(seen.ids).toHaveLength(people.length);
  await approve(test, seen.approvalHash);
  expect(await settle()).toBe(people.length);
});

test('an account that others have suspended is given its access again, one that they have reactivated loses it', async () => {
  const { test, compare, settle, change, accountOf } = await start(repair);
  await test.configure({ ...repair, scope: undefined });
  await test.read([{ ...bob, state: 2 }]);
  await settle();
  expect((await accountOf(bob)).active).toBe(false);
  await change(ada, [{ op: 'replace', path: 'active', value: false }]);
  await change(bob, [{ op: 'replace', path: 'active', value: true }]);
  expect(await compare()).toMatchObject({ writes: 2, comparison: { driftedCount: 2n } });
  expect((await accountOf(ada)).active).toBe(true);
  expect((await accountOf(bob)).active).toBe(false);
});

test('accounts that no link names are told, by whether they look like somebody, and never touched', async () => {
  const { sp, compare, test, settle } = await start(repair);
  await test.read([{ id: '90', state: 2 }]);
  await settle();
  for (const id of ['90', '91']) await callScim(sp, 'POST', '/Users', { ...leftAccount(id), externalId: `x${id}` });
  const found = await compare();
  expect(found).toMatchObject({ writes: 0, comparison: { unlinkedCount: 1n, orphanCount: 1n } });
  expect(found.findings).toMatchObject([
    { kind: Kind.KIND_UNLINKED, user: 'customers/acme/users/90', userName: 'p90@example.com' },
    { kind: Kind.KIND_ORPHAN, user: '', userName: 'p91@example.com' },
  ]);
});

test('a linked account that is gone is missing, and a repair makes it anew, once', async () => {
  const { sp, test, compare, accountOf } = await start();
  await callScim(sp, 'DELETE', `/Users/${(await accountOf(ada)).id}`);
  const reported = await compare();
  expect(reported).toMatchObject({ writes: 0, comparison: { missingCount: 1n } });
  expect(kindsOf(reported)).toEqual([Kind.KIND_MISSING]);
  await test.configure(repair);
  await test.push();
  expect(await compare()).toMatchObject({ writes: 1, comparison: { missingCount: 1n } });
  expect(await accountOf(ada)).toMatchObject({ active: true });
});

test('a list that breaks off says nothing of what is missing or belongs to nobody', async () => {
  const { sp, compare, accountOf } = await start(repair);
  await callScim(sp, 'DELETE', `/Users/${(await accountOf(ada)).id}`);
  await callScim(sp, 'POST', '/Users', leftAccount('91'));
  sp.run({ do: 'fault', effect: 'failBefore', status: 501, method: 'GET', path: 'startIndex' });
  const broken = await compare();
  expect(broken).toMatchObject({ writes: 0, findings: [], comparison: { complete: false, orphanCount: 0n } });
  expect(broken.comparison?.explanation).toContain('broke off');
});

test('a service provider that is down delays the comparison, and nothing is said meanwhile', async () => {
  const { sp, test, compare, result, settle } = await start();
  sp.run({ do: 'fault', effect: 'unauthorized', times: 1_000 });
  await expect(compare()).resolves.toMatchObject({ comparison: undefined, writes: 0 });
  sp.run({ do: 'clearFaults' });
  test.moveClock(3_600_000);
  await settle();
  expect((await result()).comparison).toMatchObject({ complete: true, listedCount: 12n });
});

test('a comparison gives way to changes after each page, goes on where it stopped, and finds the same', async () => {
  const { sp, test, retitle, result } = await start();
  await test.configure({}, { maxPageSize: 5 });
  await test.push();
  await retitle(ada, 'Boss');
  // Somebody becomes due whenever a page is stored.
  await test.pool.query(`create function wake() returns trigger language plpgsql as $$ begin
    update accounts set due_at = now() - interval '1 day' where user_id = '${eve.id}'; return null; end $$`);
  await test.pool.query(
    `create trigger wake after update of page_count on comparisons for each row when (old.page_count < new.page_count)
     execute function wake()`,
  );
  await compareAccounts(test.ctx, { app });
  let passes = 0;
  for (; (await result().then(({ runningId }) => runningId)) !== ''; passes++) {
    await test.push();
    expect(passes).toBeLessThan(10);
  }
  expect(passes).toBeGreaterThanOrEqual(4);
  const { comparison } = await result();
  expect(comparison).toMatchObject({ complete: true, listedCount: 12n, comparedCount: 12n, driftedCount: 1n });
  const pages = (await readFrontLog(sp)).filter(({ path }) => path.includes('count=5'));
  expect(pages).toHaveLength(3);
});

test('a list that was lost in the middle of a comparison says nothing of orphans', async () => {
  const { test, result } = await start();
  await test.configure({}, { maxPageSize: 5 });
  await test.push();
  await test.pool.query(`create function lose() returns trigger language plpgsql as $$ begin
    delete from surveyed_accounts; return null; end $$`);
  await test.pool.query(
    `create trigger lose after update of page_count on comparisons for each row when (new.page_count = 2) execute function lose()`,
  );
  await compareAccounts(test.ctx, { app });
  await test.push();
  expect((await result()).comparison).toMatchObject({
    complete: false,
    orphanCount: 0n,
    explanation: expect.stringContaining('compare once more'),
  });
});

test('whose last write has no known end is no drift', async () => {
  const { test, compare, retitle } = await start();
  await retitle(ada, 'Boss');
  await test.pool.query(`update accounts set write_begun_at = now() where user_id = $1`, [ada.id]);
  expect((await compare()).comparison).toMatchObject({ comparedCount: 11n, driftedCount: 0n, missingCount: 0n });
});

test('a comparison that is wanted every so many hours comes by itself', async () => {
  const { test, result, settle } = await start({
    comparison: { ...ComparisonPolicy.fromPartial({}), intervalHours: 24 },
  });
  await expect(result()).rejects.toThrow('never compared');
  test.moveClock(24 * 3_600_000);
  await settle();
  const first = (await result()).comparison?.comparisonId;
  expect(first).toBeDefined();
  await settle();
  expect((await result()).comparison?.comparisonId).toBe(first);
  test.moveClock(25 * 3_600_000);
  await settle();
  expect((await result()).comparison?.comparisonId).not.toBe(first);
});

test('at another service provider, which writes with PUT, drift is found and repaired with one write', async () => {
  const rows = Object.entries({ userName: 'primaryEmail', externalId: 'id', 'name.givenName': 'name.givenName' }).map(
    ([target, value]) => ({ ...MappingRow.fromPartial({ target }), source: { $case: 'attribute' as const, value } }),
  );
  const { sp, compare, settle } = await start({ ...repair, attributeMapping: { rows } }, await startBetterAuth());
  await settle();
  expect((await compare()).comparison).toMatchObject({ complete: true, driftedCount: 0n });
  const account = (await listAccounts(sp)).find(({ externalId }) => externalId === ada.id)!;
  await callScim(sp, 'PUT', `/Users/${account.id}`, { ...account, name: { givenName: 'Other' } });
  const { writes, findings } = await compare();
  expect(findings).toMatchObject([{ attribute: 'name', user: 'customers/acme/users/10' }]);
  expect(writes).toBe(1);
  expect((await compare()).writes).toBe(0);
});
