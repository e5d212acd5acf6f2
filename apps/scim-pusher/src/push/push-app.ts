import { withLease, LeaseLostError, type HeldLease } from '@autoprov/postgres';
import { matchingExpressions, schemasOf } from '@autoprov/mapping';
import type { PusherContext } from '../context.ts';
import type { AppKey, AppSetup } from '../domain/model.ts';
import { listDueUsers } from '../store/due-people.ts';
import { wakeApproved } from '../store/approvals.ts';
import {
  beginPass,
  findApp,
  saveCursor,
  saveEndOfPass,
  saveListState,
  saveRemovalsKeptBack,
  type AppWork,
} from '../store/apps.ts';
import { findCoverage, type Coverage } from '../store/customers.ts';
import { findHolds, holdParents } from '../store/holds.ts';
import { clearListedAccounts, isListEmpty } from '../store/listed-accounts.ts';
import { findSetup, isActive, readSetupFeed } from '../store/setups.ts';
import { deleteUrgentUsers, listUrgentUsers } from '../store/urgent-users.ts';
import { listUsersAfter } from '../store/users.ts';
import { authorizationOf } from './authorization.ts';
import { compareAccounts } from './compare-accounts.ts';
import { confirmSetup } from './confirm-setup.ts';
import { openGuard } from './guard.ts';
import { recordHealth } from './health.ts';
import { meetServiceProvider } from './meet-service-provider.ts';
import type { Pass } from './pass.ts';
import { beginPushedGroups, pushGroups } from './push-groups.ts';
import { pushPeople } from './push-people.ts';
import { PassEndedError, ScimClient } from './scim-client.ts';
import { watchHolds } from './watch-holds.ts';
import { errorPatternsOf } from './error-patterns.ts';
import { createFencedWriter } from './write-fenced.ts';
import { batchSizeOf, pacesOf } from './write-pace.ts';

const defaultConcurrentRequests = 4;
/** config is asked every few seconds; silent for longer, what it last said may no longer hold. */
const configStaleAfterMs = 30_000;

/** Brings one app up to date, if no other worker does; returns when nothing can be done now. */
export async function pushApp(ctx: PusherContext, key: AppKey, stopping: AbortSignal): Promise<void> {
  const name = `app/${key.customerId}/${key.appId}`;
  const request = { name, owner: ctx.settings.owner, ttlMs: ctx.settings.leaseMs };
  try {
    await withLease(ctx.pool, request, (lease) => runPass(ctx, key, lease, stopping));
  } catch (err) {
    // The next pass, here or elsewhere, does the rest.
    if (err instanceof LeaseLostError || err instanceof PassEndedError)
      ctx.logger.info({ err, ...key }, 'pass ended early');
    else throw err;
  }
}

async function runPass(ctx: PusherContext, key: AppKey, lease: HeldLease, stopping: AbortSignal): Promise<void> {
  const app = await findSetup(ctx.pool, key);
  const work = await beginPass(ctx.pool, key);
  const coverage = await findCoverage(ctx.pool, key.customerId);
  if (!app || !work || !isActive(app) || !coverage || uncovered(app, coverage).length > 0) return;
  const holds = await findHolds(ctx.pool, holdParents(key));
  if (holds.some(({ what }) => what === 'writes')) return;
  const { answeredAt } = await readSetupFeed(ctx.pool);
  const isConfigSilent = Date.now() - answeredAt.getTime() > configStaleAfterMs;
  const removalsHeld = holds.length > 0 ? 'hold' : isConfigSilent ? 'config silent' : undefined;
  const pass = createPass(ctx, app, work, lease, stopping, removalsHeld);
  const record = await confirmSetup(ctx, app, work, isConfigSilent);
  if (record === 'outdated') return;
  if (record !== 'confirmed') {
    pass.down = record;
    return recordHealth(pass);
  }
  try {
    await meetServiceProvider(pass);
    pass.listIsEmpty = pass.work.listState === 'held' && (await isListEmpty(ctx.pool, key));
    await endKeepingBack(pass);
    const cursorNo = work.cursorRevision === app.revision ? work.cursorNo : 0n;
    const guard = await openGuard(pass, cursorNo, coverage.ingestNo);
    if (guard) pass.guard = guard;
    await beginPushedGroups(pass);
    await pushUrgent(pass);
    await pushDue(pass);
    await pushBehind(pass, cursorNo, coverage.ingestNo);
    await compareAccounts(pass);
  } finally {
    await saveEndOfPass(ctx.pool, key, pass);
  }
  await recordHealth(pass);
}

/** What came to be due outside of a pass: approved people, and after a hold everybody. */
async function endKeepingBack(pass: Pass): Promise<void> {
  const { work, app, removalsHeld, ctx } = pass;
  if (work.hasNewApproval) await pass.write((tx) => wakeApproved(tx, app, ctx.now()));
  if (!work.removalsKeptBack || removalsHeld === 'hold') return;
  await pass.write((tx) => saveRemovalsKeptBack(tx, app, false));
  work.cursorRevision = 0n;
}

/** Groups and custom schemas of the setup that no completed read covers yet: until then nothing is decided. */
export function uncovered({ setup }: AppSetup, coverage: Coverage | undefined): string[] {
  const groups = (setup.scope?.groups ?? []).filter((group) => !coverage?.groups.includes(group));
  const expressions = [setup.scope?.filter ?? '', ...matchingExpressions(setup.matching)];
  const schemas = schemasOf(setup.attributeMapping?.rows ?? [], ...expressions).filter(
    (name) => !coverage?.schemas.includes(name),
  );
  return coverage && coverage.readNo > 0n ? [...groups, ...schemas] : ['users', ...groups, ...schemas];
}

function createPass(
  ctx: PusherContext,
  app: AppSetup,
  work: AppWork,
  lease: HeldLease,
  stopping: AbortSignal,
  removalsHeld: Pass['removalsHeld'],
): Pass {
  const requestCounts: Record<string, number> = {};
  const paces = pacesOf(app, work);
  // A request must end before another worker may take the app.
  const mayStart = () => !stopping.aborted && lease.remainingMs() > ctx.settings.httpTimeoutMs;
  const assertNotHeld = watchHolds(ctx, app);
  const scim = new ScimClient({
    baseUrl: app.setup.endpointUrl,
    dispatcher: ctx.spAgent,
    authorization: authorizationOf(ctx, app),
    requestPace: paces.requests,
    maxConcurrentRequests: app.profile.maxConcurrentRequests || defaultConcurrentRequests,
    errorPatterns: errorPatternsOf(app.profile),
    ...(paces.writes && { writePace: paces.writes }),
    stopping,
    timeoutMs: ctx.settings.httpTimeoutMs,
    retryForMs: ctx.settings.retryForMs,
    signal: lease.lost,
    mayStart,
    assertNotHeld,
    onRequest: (method) => (requestCounts[method] = (requestCounts[method] ?? 0) + 1),
  });
  return {
    ctx,
    app,
    work,
    lease,
    write: createFencedWriter(ctx.pool, lease),
    scim,
    async assertGoesOn() {
      lease.lost.throwIfAborted();
      if (!mayStart()) throw new PassEndedError();
      await assertNotHeld(removalsHeld !== 'hold');
    },
    ...(removalsHeld && { removalsHeld }),
    linked: new Set(),
    endedScimIds: new Set(),
    listIsEmpty: false,
    outagesInRow: 0,
    doubtfulFailures: [],
    provenWrites: {},
    requestCounts,
    paces,
  };
}

/** Those whom somebody waits for: asked between the batches of all others, too. */
async function pushUrgent(pass: Pass): Promise<void> {
  const { ctx, app } = pass;
  for (;;) {
    const urgent = await listUrgentUsers(ctx.pool, app, batchSizeOf(app));
    if (urgent.length === 0 || pass.down) return;
    await pushPeople(
      pass,
      urgent.map(({ userId }) => userId),
    );
    if (pass.down) return;
    await pass.write((tx) => deleteUrgentUsers(tx, app, urgent));
  }
}

/** Retries and timers. */
async function pushDue(pass: Pass): Promise<void> {
  const batchSize = batchSizeOf(pass.app);
  let due: string[] = [];
  do {
    const before = due;
    const all = await listDueUsers(pass.ctx.pool, pass.app, pass.ctx.now(), batchSize);
    due = all.filter((userId) => !pass.linked.has(userId));
    // What is still due after its turn cannot be settled in this pass.
    if (due.join() === before.join()) return;
    await pushPeople(pass, due);
    await pushUrgent(pass);
  } while (!pass.down && (await isCurrent(pass)));
}

/** Everybody who changed since the cursor, as far as the guard has looked; all of them after a change of the setup. */
async function pushBehind(pass: Pass, afterNo: bigint, horizonNo: bigint): Promise<void> {
  const { ctx, app } = pass;
  const batchSize = batchSizeOf(app);
  let cursorNo = afterNo;
  while (!pass.down) {
    const users = await listUsersAfter(ctx.pool, app.customerId, cursorNo, horizonNo, batchSize);
    await pushPeople(
      pass,
      users.map((user) => user.userId),
    );
    if (pass.down) return;
    cursorNo = users.at(-1)?.ingestNo ?? cursorNo;
    await pass.write((tx) => saveCursor(tx, app, cursorNo, app.revision));
    await pushUrgent(pass);
    if (users.length < batchSize) break;
    if (!(await isCurrent(pass))) return;
  }
  await pushDue(pass);
  await pushGroups(pass, async () => {
    await pushUrgent(pass);
    return !pass.down && isCurrent(pass);
  });
  await forgetList(pass);
}

/** A newer revision, a deactivation or an approval ends the pass: the next one begins with it. */
async function isCurrent({ ctx, app }: Pass): Promise<boolean> {
  const latest = await findSetup(ctx.pool, app);
  const work = await findApp(ctx.pool, app);
  return latest?.revision === app.revision && work?.hasNewApproval === false;
}

/** After the first sync the service provider's list is out of date: from here people are looked up one by one. */
async function forgetList(pass: Pass): Promise<void> {
  if (pass.down || pass.work.listState !== 'held') return;
  await pass.write(async (tx) => {
    await clearListedAccounts(tx, pass.app);
    await saveListState(tx, pass.app, 'used');
  });
}
