import { expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import {
  Danger,
  DirectoryUser_State,
  MatchingPolicy,
  MatchingPolicy_OnForeignExternalId,
  PlannedAdoption_Kind as Kind,
  PlannedAdoption_Note as Note,
  ProvisioningScope,
} from '@autoprov/proto';
import { readFrontCounts, startScimmy, type ScimAccount } from '@autoprov/testing';
import { leftAccount } from '../push/adopt.fixture.ts';
import { mappingRows, patient, startTestApp, type TestPerson } from '../push/test-app.fixture.ts';
import { report } from './adoption.fixture.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const { ON_FOREIGN_EXTERNAL_ID_OVERWRITE, ON_FOREIGN_EXTERNAL_ID_FAIL } = MatchingPolicy_OnForeignExternalId;
const matching = (
  onForeignExternalId: MatchingPolicy_OnForeignExternalId,
  attributes = ['externalId', 'userName'],
) => ({
  matching: { ...MatchingPolicy.fromPartial({}), attributes, onForeignExternalId },
});

async function start(accounts: Omit<ScimAccount, 'id'>[], people: TestPerson[]) {
  const sp = await startScimmy({ uniqueness: false, seed: { accounts } });
  started.push(sp);
  const app = await startTestApp(sp, patient);
  started.push(app);
  await app.read(people);
  return { sp, app };
}

const person = (id: string) => `customers/acme/users/${id}`;

test('a report says of everybody in scope what the first push would do, old value and new, and who is never touched', async () => {
  const { app } = await start(
    [
      leftAccount('1000'),
      leftAccount('1001', { externalId: '00u1ab2cd3EF4gh5IJ6k', title: 'Boss' }),
      leftAccount('1003', { userName: 'p1003', externalId: '' }),
      leftAccount('1004', { externalId: 'x' }),
      leftAccount('1004', { externalId: 'y' }),
      leftAccount('1005'),
      leftAccount('1006', { externalId: '', active: false }),
      leftAccount('2000', { active: false }),
    ],
    [
      ...['1000', '1001', '1002', '1003', '1004'].map((id) => ({ id })),
      { id: '1005', state: DirectoryUser_State.STATE_SUSPENDED },
      { id: '1006' },
      { id: '1007' },
    ],
  );
  await app.configure({
    ...matching(ON_FOREIGN_EXTERNAL_ID_OVERWRITE, ['externalId', 'userName', 'emails']),
    scope: { ...ProvisioningScope.fromPartial({}), excludedPersons: ['1007'] },
  });
  const { totals, rows } = await report(app);
  expect(totals).toMatchObject({ adopts: 4n, equal: 1n, creates: 1n, ambiguous: 1n, accountCount: 8n, held: 0n });
  expect(totals).toMatchObject({ unmatchedAccounts: 2n, unmatchedActiveAccounts: 1n });
  const [foreign, created, handle, ambiguous, inactive, ...unmatched] = rows;
  expect(foreign).toMatchObject({
    user: person('1001'),
    kind: Kind.KIND_ADOPT,
    matchedBy: 'userName',
    externalIdOrigin: 'okta user id',
    notes: [Note.NOTE_FOREIGN_EXTERNAL_ID],
    dangers: [Danger.DANGER_CLEARED_ATTRIBUTE],
    changes: [
      { path: 'title', oldValue: 'Boss', newValue: undefined },
      { path: 'externalId', oldValue: '00u1ab2cd3EF4gh5IJ6k', newValue: '1001' },
    ],
  });
  expect(created).toMatchObject({ user: person('1002'), kind: Kind.KIND_CREATE });
  expect(handle).toMatchObject({ matchedBy: 'emails', notes: [Note.NOTE_HANDLE], userName: 'p1003' });
  expect(handle?.changes).toContainEqual({ path: 'userName', oldValue: 'p1003', newValue: 'p1003@example.com' });
  expect(ambiguous).toMatchObject({ user: person('1004'), kind: Kind.KIND_AMBIGUOUS, scimId: '' });
  expect(inactive).toMatchObject({ user: person('1006'), kind: Kind.KIND_ADOPT, notes: [Note.NOTE_INACTIVE] });
  const byName = Object.fromEntries(unmatched.map((row) => [row.userName, row]));
  expect(byName['p1005@example.com']).toMatchObject({ kind: Kind.KIND_UNMATCHED, user: person('1005') });
  expect(byName['p2000@example.com']).toMatchObject({
    kind: Kind.KIND_UNMATCHED,
    user: '',
    notes: [Note.NOTE_INACTIVE],
  });
  expect((await report(app, true)).rows).toHaveLength(rows.length + 1);
}, 60_000);

test('accounts that the policy does not touch, and one that two people match, are told from those that are adopted', async () => {
  const shared = leftAccount('1001', { externalId: '1000', userName: 'p1001@example.com' });
  const { app } = await start(
    [shared, leftAccount('1002', { externalId: 'emp-7' })],
    [{ id: '1000' }, { id: '1001' }, { id: '1002' }],
  );
  await app.configure(matching(ON_FOREIGN_EXTERNAL_ID_OVERWRITE));
  const { totals, rows } = await report(app);
  expect(totals).toMatchObject({ contested: 2n, creates: 0n });
  for (const row of rows.slice(0, 2)) expect(row.notes).toContain(Note.NOTE_CONTESTED);
  await app.configure(matching(ON_FOREIGN_EXTERNAL_ID_FAIL));
  const failing = (await report(app)).rows.find(({ user }) => user === person('1002'));
  expect(failing).toMatchObject({ kind: Kind.KIND_FOREIGN, externalId: 'emp-7', externalIdOrigin: 'unknown' });
}, 60_000);

test('where a service provider lists nobody, people are looked up one by one, and it is said that the others are not known', async () => {
  const { sp, app } = await start([leftAccount('1000')], [{ id: '1000' }, { id: '1001' }]);
  await app.configure(matching(ON_FOREIGN_EXTERNAL_ID_FAIL));
  sp.run({ do: 'fault', effect: 'failBefore', status: 501, method: 'GET', path: 'startIndex' });
  const { totals } = await report(app);
  expect(totals).toMatchObject({ listed: false, adopts: 1n, equal: 1n, creates: 1n, unmatchedAccounts: 0n });
}, 60_000);

test('nothing is reported before a read covers the scope, and a credential that is refused is told as such', async () => {
  const { sp, app } = await start([leftAccount('1000')], [{ id: '1000' }]);
  const rows = mappingRows();
  const scope = { ...ProvisioningScope.fromPartial({}), groups: ['new@example.com'] };
  await app.configure({ attributeMapping: { rows }, scope });
  const reads = await readFrontCounts(sp);
  expect((await report(app)).totals.waitingFor).toEqual(['new@example.com']);
  expect(await readFrontCounts(sp)).toEqual(reads);
  await app.configure();
  sp.token = 'wrong';
  const refused = await report(app).catch(rpcErrorOf);
  expect(refused).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'AUTHENTICATION_FAILED' });
  expect((await app.pool.query(`select from surveyed_accounts`)).rowCount).toBe(0);
}, 60_000);
