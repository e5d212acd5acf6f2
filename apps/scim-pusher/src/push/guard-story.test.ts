import { expect, test } from '@jest/globals';
import { rpcErrorOf } from '@autoprov/grpc';
import { PlanAppRequest, ProvisioningScope, type MappingRow } from '@autoprov/proto';
import { callScim, readFrontCounts, startScimmy } from '@autoprov/testing';
import { approveHeldActions } from '../rpc/approve-held-actions.ts';
import { listHeldActions } from '../rpc/list-held-actions.ts';
import { planApp } from '../rpc/plan-app.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { mappingRows, staffGroup, startTestApp } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

/** FULL_SIZE=1 for the sizes that docs/adr/0014-guard.md tells of. */
const { people, leaving, returning, later, titled } = process.env['FULL_SIZE']
  ? { people: 10_000, leaving: 3_000, returning: 100, later: 50, titled: 37 }
  : { people: 500, leaving: 150, returning: 10, later: 5, titled: 7 };

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const ann = { caller: 'cli', person: 'ann@acme.example' };
const call = { signal: new AbortController().signal };
const staffOnly = { scope: { ...ProvisioningScope.fromPartial({}), groups: [staffGroup] } };
const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(10_000 + from + i));

test('a scope narrowed and a mapping changed by mistake: held, planned, approved, and nothing written that need not be', async () => {
  const sp = await startScimmy({ uniqueness: false });
  started.push(sp);
  const app = await startTestApp(sp, { httpTimeoutMs: 30_000, retryForMs: 60_000, leaseMs: 120_000 });
  started.push(app);
  const seconds: Record<string, number> = {};
  const writes = async (what: string, act: () => Promise<unknown>): Promise<number> => {
    const before = (await readFrontCounts(sp)).writes;
    const startMs = performance.now();
    await act();
    seconds[what] = Math.round((performance.now() - startMs) / 100) / 10;
    return (await readFrontCounts(sp)).writes - before;
  };
  // A pass may end before its time on a busy machine: the next one goes on.
  const pushAll = async () => {
    do await app.push();
    while ((await listAppsWithWork(app.pool, app.ctx.now())).length > 0);
  };
  const countOff = async () => {
    const { body } = await callScim(sp, 'GET', '/Users?filter=active%20eq%20false&count=1');
    return (body as { totalResults: number }).totalResults;
  };
  const list = () => listHeldActions(app.ctx, { parent: name, pageSize: 1, pageToken: '', state: 0 });
  const plan = (changes: Partial<PlanAppRequest>) =>
    planApp(app.ctx, { ...PlanAppRequest.fromPartial({ app: name }), ...changes }, call);

  await app.configure();
  await app.read(
    ids(0, people).map((id, i) => ({ id, isStaff: i >= leaving, ...(i >= people - titled && { title: 'Engineer' }) })),
  );
  expect(await writes('first sync', pushAll)).toBe(people);

  // Fewer people in scope: planned first, then saved.
  const { totals } = await plan(staffOnly);
  expect(totals).toMatchObject({ suspends: BigInt(leaving), held: BigInt(leaving) });
  await app.configure(staffOnly);
  expect(await writes('everybody decided, removals held', pushAll)).toBe(0);
  const seen = await list();
  expect(seen.coveredCount).toBe(BigInt(leaving));
  await app.read([
    ...ids(0, returning).map((id) => ({ id, isStaff: true })),
    ...ids(leaving, later).map((id) => ({ id })),
    ...ids(people, 3).map((id) => ({ id, isStaff: true })),
  ]);
  expect(await writes('some return, some leave, others arrive', pushAll)).toBe(3);
  const answer = await approveHeldActions(app.ctx, { app: name, approvalHash: seen.approvalHash }, ann);
  expect(answer).toEqual({
    approvedCount: BigInt(leaving - returning),
    droppedCount: BigInt(returning),
    waitingCount: BigInt(later),
  });
  expect(await writes('approved', pushAll)).toBe(leaving - returning);
  expect(await countOff()).toBe(leaving - returning);
  const rest = await list();
  expect(rest.coveredCount).toBe(BigInt(later));

  // The setup changes before the next approval: refused as a whole.
  const titles = mappingRows().map((row) => (row.target === 'title' ? { ...row, source: prefixed() } : row));
  await app.configure({ ...staffOnly, attributeMapping: { rows: titles } });
  const refused = approveHeldActions(app.ctx, { app: name, approvalHash: rest.approvalHash }, ann);
  expect(await refused.catch(rpcErrorOf)).toMatchObject({ reason: 'STALE_APPROVAL' });
  // And that mapping changes the outcome of a few.
  expect(await writes('a mapping that changes a few', pushAll)).toBe(titled);
  expect((await list()).coveredCount).toBe(BigInt(later));
  expect(await countOff()).toBe(leaving - returning);

  // A mapping that would change every user name.
  const names = titles.map((row) => (row.target === 'userName' ? { ...row, source: upperId() } : row));
  await app.configure({ ...staffOnly, attributeMapping: { rows: names } });
  expect(await writes('every user name held', pushAll)).toBe(0);
  const kept = people - leaving + returning - later + 3;
  expect((await list()).coveredCount).toBe(BigInt(kept + later));
  if (process.env['FULL_SIZE']) console.log(JSON.stringify({ people, leaving, kept, seconds }));
}, 1_200_000);

function prefixed(): NonNullable<MappingRow['source']> {
  return { $case: 'expression', value: 'has(user.organizations) ? "Dr. " + user.organizations[0].title : ""' };
}

function upperId(): NonNullable<MappingRow['source']> {
  return { $case: 'attribute', value: 'id' };
}
