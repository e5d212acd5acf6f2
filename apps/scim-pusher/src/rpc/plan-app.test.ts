import { expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import {
  Danger,
  Outcome_Action,
  PlanAppRequest,
  ProvisioningScope,
  type DeprovisioningPolicy,
  type PlannedAction,
  type PlanTotals,
} from '@autoprov/proto';
import { readFrontCounts, startBetterAuth } from '@autoprov/testing';
import { mappingRows, patient, startTestApp } from '../push/test-app.fixture.ts';
import { planApp } from './plan-app.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));
const scope = (excludedPersons: string[]) => ({ ...ProvisioningScope.fromPartial({}), excludedPersons });

async function start(count: number) {
  const sp = await startBetterAuth();
  started.push(sp);
  const app = await startTestApp(sp, patient);
  started.push(app);
  await app.configure();
  await app.read(ids(1000, count).map((id) => ({ id })));
  await app.push();
  const plan = async (changes: Partial<PlanAppRequest> = {}) => {
    const actions: PlannedAction[] = [];
    let totals: PlanTotals | undefined;
    let pageToken = '';
    do {
      const request = { ...PlanAppRequest.fromPartial({ app: 'customers/acme/apps/crm', pageSize: 7 }), ...changes };
      const page = await planApp(app.ctx, { ...request, pageToken }, { signal: new AbortController().signal });
      actions.push(...page.actions);
      totals ??= page.totals;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return { actions, totals: totals! };
  };
  return { sp, app, plan };
}

test('a plan with a changed scope shows, page by page, what its saving would do and hold, and writes nothing', async () => {
  const { sp, app, plan } = await start(40);
  const requests = await readFrontCounts(sp);
  const rows = await app.pool.query(`select * from accounts order by user_id`);
  const narrowed = scope(ids(1000, 20));
  const { actions, totals } = await plan({ scope: narrowed });
  expect(actions.map(({ user }) => user)).toEqual(ids(1000, 20).map((id) => `customers/acme/users/${id}`));
  const suspend = { action: Outcome_Action.ACTION_SUSPEND, dangers: [Danger.DANGER_LOSS_OF_ACCESS], held: true };
  for (const action of actions) expect(action).toMatchObject(suspend);
  expect(totals).toMatchObject({ suspends: 20n, unchanged: 20n, held: 20n });
  expect(await readFrontCounts(sp)).toEqual(requests);
  expect((await app.pool.query(`select * from accounts order by user_id`)).rows).toEqual(rows.rows);
  expect((await app.pool.query(`select from held_actions`)).rowCount).toBe(0);
  expect((await plan()).actions).toEqual([]);

  await app.configure({ scope: narrowed });
  await app.push();
  expect((await app.pool.query(`select from held_actions`)).rowCount).toBe(20);
  // With what is held now, the plan is the same as before it was saved.
  expect((await plan()).totals).toEqual(totals);
  const never = { suspendAfter: undefined, deleteAfter: undefined };
  const deprovisioning: DeprovisioningPolicy = {
    outOfScope: never,
    suspended: undefined,
    archived: undefined,
    deleted: undefined,
  };
  expect((await plan({ deprovisioning })).totals).toMatchObject({ suspends: 0n, held: 0n });
}, 60_000);

test('a plan with a changed mapping shows each attribute as it is and as it would be', async () => {
  const { app, plan } = await start(10);
  await app.read([{ id: '1003', title: 'Engineer' }]);
  const rows = mappingRows().map((row) =>
    row.target === 'userName' ? { ...row, source: { $case: 'attribute' as const, value: 'id' } } : row,
  );
  const { actions, totals } = await plan({ attributeMapping: { rows } });
  expect(totals).toMatchObject({ updates: 10n, held: 10n });
  expect(actions[3]!.changes).toEqual([
    { path: 'userName', oldValue: 'p1003@example.com', newValue: '1003' },
    { path: 'title', oldValue: undefined, newValue: 'Engineer' },
  ]);
  expect((await plan()).totals).toMatchObject({ updates: 1n, held: 0n });
}, 60_000);

test('a plan waits for a read of what its scope needs, and says what is wrong with a mapping', async () => {
  const { app, plan } = await start(2);
  const groups = { ...scope([]), groups: ['new@example.com'] };
  const request = PlanAppRequest.fromPartial({ app: 'customers/acme/apps/crm', scope: groups });
  const answer = await planApp(app.ctx, request, { signal: new AbortController().signal });
  expect(answer).toMatchObject({ actions: [], totals: undefined, waitingFor: ['new@example.com'] });
  const refused = await plan({ attributeMapping: { rows: mappingRows().slice(0, 1) } }).catch(rpcErrorOf);
  expect(refused).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field: 'attribute_mapping.rows' }],
  });
}, 60_000);
