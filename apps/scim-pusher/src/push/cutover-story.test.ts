import { expect, test } from '@jest/globals';
import { DirectoryUser_State, MatchingPolicy, MatchingPolicy_OnForeignExternalId } from '@autoprov/proto';
import { callScim, readFrontCounts, startScimmy } from '@autoprov/testing';
import { report } from '../rpc/adoption.fixture.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { leftAccount } from './adopt.fixture.ts';
import { approve, held } from './guard.fixture.ts';
import { startTestApp } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

/** FULL_SIZE=1 for the size that docs/adr/0020-cutover.md tells of; CUTOVER_SIZE=20 beside it for a fifth. */
const size = process.env['FULL_SIZE'] ? Number(process.env['CUTOVER_SIZE'] ?? 100) : 1;
const equal = 140 * size;
const okta = 20 * size;
const handles = 24 * size;
const letterCase = 10 * size;
const inactive = 6 * size;
const people = equal + okta + handles + letterCase + inactive;
const suspended = 2 * size;
const strangers = 3 * size;

const started = stopAfterEach();

const idOf = (i: number) => String(100_000 + i);

/** What another provisioner has left: one account for everybody, some of them not as ours would be. */
function leftAccounts() {
  return [
    ...Array.from({ length: people }, (_, i) => {
      const id = idOf(i);
      if (i < equal) return leftAccount(id);
      if (i < equal + okta) return leftAccount(id, { externalId: `00u${id.padStart(17, 'a')}` });
      if (i < equal + okta + handles) return leftAccount(id, { userName: `p${id}` });
      if (i < equal + okta + handles + letterCase) return leftAccount(id, { userName: `P${id}@Example.com` });
      return leftAccount(id, { active: false });
    }),
    ...Array.from({ length: suspended }, (_, i) => leftAccount(idOf(people + i))),
    ...Array.from({ length: strangers }, (_, i) => leftAccount(idOf(people + suspended + i))),
  ];
}

test('a cut-over is shown first, and then makes nobody, removes nobody, and writes nothing where values are equal', async () => {
  const sp = await startScimmy({ uniqueness: false, seed: { accounts: leftAccounts() } });
  started.push(sp);
  const app = await startTestApp(sp, { httpTimeoutMs: 30_000, retryForMs: 60_000, leaseMs: 120_000 });
  started.push(app);
  const seconds: Record<string, number> = {};
  const during = async <T>(what: string, act: () => Promise<T>) => {
    const before = await readFrontCounts(sp);
    const startMs = performance.now();
    const result = await act();
    seconds[what] = Math.round((performance.now() - startMs) / 100) / 10;
    const after = await readFrontCounts(sp);
    return { result, writes: after.writes - before.writes, reads: after.reads - before.reads };
  };
  const pushAll = async () => {
    do await app.push();
    while ((await listAppsWithWork(app.pool, app.ctx.now())).length > 0);
  };
  const count = async (query = '') => {
    const { body } = await callScim(sp, 'GET', `/Users?${query}startIndex=1&count=1`);
    return (body as { totalResults: number }).totalResults;
  };
  const matching = {
    ...MatchingPolicy.fromPartial({}),
    attributes: ['externalId', 'userName', 'emails'],
    onForeignExternalId: MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_KEEP,
  };
  const profile = { maxPageSize: size === 1 ? 50 : 500 };
  await app.configure({ matching }, profile);
  await app.read([
    ...Array.from({ length: people }, (_, i) => ({ id: idOf(i) })),
    ...Array.from({ length: suspended }, (_, i) => ({
      id: idOf(people + i),
      state: DirectoryUser_State.STATE_SUSPENDED,
    })),
  ]);

  const reported = await during('report', () => report(app));
  const { totals, rows } = reported.result;
  expect(reported.writes).toBe(0);
  expect(totals).toMatchObject({
    listed: true,
    accountCount: BigInt(people + suspended + strangers),
    adopts: BigInt(people),
    equal: BigInt(equal + okta),
    held: BigInt(handles),
    creates: 0n,
    ambiguous: 0n,
    foreign: 0n,
    letterCase: BigInt(letterCase),
    handles: BigInt(handles),
    inactive: BigInt(inactive),
    externalIdOrigins: { 'okta user id': BigInt(okta) },
    unmatchedAccounts: BigInt(suspended + strangers),
    unmatchedActiveAccounts: BigInt(suspended + strangers),
  });
  expect(rows).toHaveLength(people - equal + suspended + strangers);
  expect((await app.pool.query(`select from accounts`)).rowCount).toBe(0);
  expect((await app.pool.query(`select from surveyed_accounts`)).rowCount).toBe(0);

  // The first push does what was shown: what differs and does no harm is written, other user names wait.
  const pushed = await during('first push', pushAll);
  expect(pushed.writes).toBe(letterCase + inactive);
  // Without the reading of the list, which is the service provider's time.
  const { rows: span } = await app.pool.query<{ seconds: number }>(
    `select round(extract(epoch from max(accepted_at) - min(accepted_at)), 1)::float8 as seconds from accounts`,
  );
  seconds['of it adopting'] = span[0]!.seconds;
  expect((await readFrontCounts(sp)).byMethod).not.toHaveProperty('POST');
  expect((await readFrontCounts(sp)).byMethod).not.toHaveProperty('DELETE');
  expect(await count('filter=active%20eq%20false&')).toBe(0);
  expect(await count()).toBe(people + suspended + strangers);
  const seen = await held(app);
  expect(seen.actions).toHaveLength(Number(totals.held));
  if (size === 1) expect((await report(app)).totals).toMatchObject({ linked: BigInt(people), adopts: 0n, creates: 0n });

  await approve(app, seen.approvalHash);
  const approved = await during('approved', pushAll);
  expect(approved.writes).toBe(handles);
  // Everybody decided anew: nothing is left to be written.
  await app.configure({ matching }, profile);
  expect((await during('everybody again', pushAll)).writes).toBe(0);
  if (process.env['FULL_SIZE']) {
    const reads = { report: reported.reads, firstPush: pushed.reads };
    console.log(
      JSON.stringify({ people, seconds, reads, writes: { first: pushed.writes, approved: approved.writes } }),
    );
  }
}, 1_800_000);
