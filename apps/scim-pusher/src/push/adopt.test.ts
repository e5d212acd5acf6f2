import { expect, test } from '@jest/globals';
import {
  Danger,
  MappingRow_Apply,
  MappingRow_OnNull,
  MatchingPolicy,
  MatchingPolicy_OnExisting,
  MatchingPolicy_OnForeignExternalId,
  PlannedAdoption_Kind,
} from '@autoprov/proto';
import { enterpriseUrn, listAccounts, readFrontCounts, startScimmy, type ScimAccount } from '@autoprov/testing';
import { report } from '../rpc/adoption.fixture.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { leftAccount } from './adopt.fixture.ts';
import { approve, held, ids } from './guard.fixture.ts';
import { mappingRows, patient, startTestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const matching = {
  ...MatchingPolicy.fromPartial({}),
  attributes: ['externalId', 'userName', 'emails'],
  onForeignExternalId: MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_KEEP,
};

async function start(accounts: Omit<ScimAccount, 'id'>[]) {
  const sp = await startScimmy({ uniqueness: false, seed: { accounts } });
  started.push(sp);
  const app = await startTestApp(sp, patient);
  started.push(app);
  const read = (people: TestPerson[]) => app.read(people);
  /** Passes until nothing can be done, and the requests that they wrote with. */
  const push = async () => {
    const before = (await readFrontCounts(sp)).writes;
    do await app.push();
    while ((await listAppsWithWork(app.pool, app.ctx.now())).length > 0);
    return (await readFrontCounts(sp)).writes - before;
  };
  return { sp, app, read, push };
}

test('an account that is adopted with equal values is not written to, and never again', async () => {
  const { app, read, push } = await start(ids(1000, 12).map((id) => leftAccount(id)));
  await app.configure({ matching });
  await read(ids(1000, 12).map((id) => ({ id })));
  expect(await push()).toBe(0);
  const origins = await app.pool.query(`select origin, state, count(*)::int from accounts group by 1, 2`);
  expect(origins.rows).toEqual([{ origin: 'adopted', state: 'active', count: 12 }]);
  await read([{ id: '1003', title: 'Engineer' }]);
  expect(await push()).toBe(1);
}, 60_000);

test('an adoption that changes more user names than the limits leave changes none, until it is approved', async () => {
  const handles = ids(1000, 10);
  const equal = ids(1010, 30);
  const accounts = [
    ...handles.map((id) => leftAccount(id, { userName: `handle-${id}` })),
    ...equal.map((id) => leftAccount(id)),
  ];
  const { sp, app, read, push } = await start(accounts);
  await app.configure({ matching });
  // A title is harmless: it does not wait for the user name.
  await read([...handles.map((id) => ({ id, title: 'Engineer' })), ...equal.map((id) => ({ id }))]);
  expect(await push()).toBe(handles.length);
  const seen = await held(app);
  expect(seen.ids).toEqual(handles);
  expect(seen.actions[0]).toMatchObject({
    danger: Danger.DANGER_CHANGED_IDENTITY,
    changes: [{ path: 'userName', oldValue: 'handle-1000', newValue: 'p1000@example.com' }],
  });
  const named = async () => (await listAccounts(sp)).filter(({ userName }) => userName.startsWith('handle-')).length;
  expect(await named()).toBe(handles.length);
  await approve(app, seen.approvalHash);
  expect(await push()).toBe(handles.length);
  expect(await named()).toBe(0);
  expect(await listAccounts(sp)).toHaveLength(40);
}, 60_000);

test('an adoption that clears attributes is counted, and goes within the limits', async () => {
  const accounts = [leftAccount('1000', { title: 'Boss' }), leftAccount('1001')];
  const { sp, app, read, push } = await start(accounts);
  await app.configure({ matching });
  await read([{ id: '1000' }, { id: '1001' }]);
  expect(await push()).toBe(1);
  expect((await listAccounts(sp)).map(({ title }) => title)).toEqual([undefined, undefined]);
  const counted = await app.pool.query(`select user_id, danger from guarded_changes`);
  expect(counted.rows).toEqual([{ user_id: '1000', danger: 'clearing' }]);
}, 60_000);

test('what is written on create only, or kept without a value, is left as it is on an account that is adopted', async () => {
  const accounts = [leftAccount('1000', { title: 'Boss', name: { givenName: 'Pia', familyName: '1000' } })];
  const { app, read, push } = await start(accounts);
  const rows = mappingRows().map((row) => ({
    ...row,
    ...(row.target === 'title' && { onNull: MappingRow_OnNull.ON_NULL_KEEP }),
    ...(row.target === 'name.givenName' && { apply: MappingRow_Apply.APPLY_ON_CREATE }),
  }));
  await app.configure({ matching, attributeMapping: { rows } });
  await read([{ id: '1000' }]);
  expect(await push()).toBe(0);
}, 60_000);

test.each(['listed', 'looked up'])(
  'of two people who match one account that is %s one gets it, and nothing is written for the other',
  async (how) => {
    const email = 'office@example.com';
    const emails = [{ value: email, type: 'work', primary: true }];
    const name = { givenName: 'P', familyName: 'Office' };
    const shared = leftAccount('0', { userName: email, externalId: '', emails, name });
    const { sp, app, read, push } = await start([shared]);
    await app.configure({ matching });
    if (how === 'looked up') {
      // After the first sync nothing is listed any more.
      await read([]);
      await push();
    }
    await read([
      { id: '1000', email, title: 'Porter' },
      { id: '1001', email, title: 'Cook' },
    ]);
    expect(await push()).toBe(1);
    const { rows } = await app.pool.query<{ user_id: string; code: string; reason: string; detail: string }>(
      `select user_id, failure_code as code, failure_reason as reason, failure_detail as detail from accounts order by scim_id`,
    );
    const [linked, other] = rows;
    expect(linked).toMatchObject({ code: null });
    expect(other).toMatchObject({ code: '45003', reason: 'DUPLICATE' });
    expect(other!.detail).toContain('belongs to another person');
    const titles: Record<string, string> = { '1000': 'Porter', '1001': 'Cook' };
    const { user_id: id } = linked!;
    expect(await listAccounts(sp)).toEqual([expect.objectContaining({ externalId: id, title: titles[id] })]);
  },
  60_000,
);

test('an account that the policy leaves alone is left alone at the next change of the person, too', async () => {
  const { app, read, push } = await start([leftAccount('1000')]);
  const onExisting = MatchingPolicy_OnExisting.ON_EXISTING_SKIP;
  await app.configure({ matching: { ...matching, onExisting } });
  await read([{ id: '1000' }]);
  expect(await push()).toBe(0);
  app.moveClock(60_000);
  await read([{ id: '1000', title: 'Engineer' }]);
  expect(await push()).toBe(0);
}, 60_000);

const byNumber = (attribute: string) => ({
  ...matching,
  attributes: [],
  rules: [
    { attribute: 'userName', expression: '' },
    { attribute, expression: '"E-" + user.name.familyName' },
  ],
});

test('an account is found in the list by the value that an expression gives, in any attribute', async () => {
  const numbered = (id: string) =>
    leftAccount(id, { userName: `old-${id}`, externalId: '', [enterpriseUrn]: { employeeNumber: `E-${id}` } });
  const { sp, app, read, push } = await start([numbered('1000'), numbered('1009'), leftAccount('1001')]);
  await app.configure({ matching: byNumber(`${enterpriseUrn}:employeeNumber`) });
  await read([{ id: '1000' }, { id: '1001' }]);
  const { rows, totals } = await report(app, true);
  expect(totals).toMatchObject({ adopts: 2n, creates: 0n, unmatchedAccounts: 1n });
  expect(rows.map(({ matchedBy }) => matchedBy)).toEqual([`${enterpriseUrn}:employeeNumber`, 'userName', '']);
  expect(await push()).toBe(1);
  const names = (await listAccounts(sp)).map(({ userName }) => userName).sort();
  expect(names).toEqual(['old-1009', 'p1000@example.com', 'p1001@example.com']);
}, 60_000);

test('after the first sync the service provider is asked for the value that an expression gives', async () => {
  const { sp, app, read, push } = await start([
    leftAccount('1000', { userName: 'old-1000', externalId: '', displayName: 'E-1000' }),
    leftAccount('1009', { displayName: 'E-100' }),
  ]);
  await app.configure({ matching: byNumber('displayName') });
  await read([]);
  await push();
  await read([{ id: '1000' }]);
  expect(await push()).toBe(1);
  const names = (await listAccounts(sp)).map(({ userName }) => userName).sort();
  expect(names).toEqual(['p1000@example.com', 'p1009@example.com']);
}, 60_000);

test('who cannot be looked for by all rules gets no account, and it is said why', async () => {
  const { sp, app, read, push } = await start([leftAccount('1009')]);
  const rules = [
    { attribute: 'userName', expression: '' },
    { attribute: 'nickName', expression: 'user.externalIds.first().value' },
  ];
  await app.configure({ matching: { ...matching, attributes: [], rules } });
  await read([{ id: '1000' }]);
  expect((await report(app)).rows[0]).toMatchObject({ kind: PlannedAdoption_Kind.KIND_REFUSED });
  const failures = async () =>
    (await app.pool.query(`select user_id, failure_code, failure_reason, failure_detail from accounts order by 1`))
      .rows;
  const failed = (user_id: string) => ({
    user_id,
    failure_code: '45006',
    failure_reason: 'EXPRESSION_FAILED',
    failure_detail: expect.stringMatching(/^matching: 1:\d+: /),
  });
  expect(await push()).toBe(0);
  expect(await failures()).toEqual([failed('1000')]);
  await read([{ id: '1001' }]);
  expect(await push()).toBe(0);
  expect(await failures()).toEqual([failed('1000'), failed('1001')]);
  expect(await listAccounts(sp)).toHaveLength(1);
}, 60_000);
