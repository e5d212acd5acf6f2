import { GetAppStatusResponse_State, type GetAppStatusRequest, type GetAppStatusResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { AppSetup } from '../domain/model.ts';
import { uncovered } from '../push/push-app.ts';
import { countAccounts } from '../store/accounts.ts';
import { countPending, findApp, type AppWork } from '../store/apps.ts';
import { findComparison } from '../store/comparisons.ts';
import { findCoverage, type Coverage } from '../store/customers.ts';
import { countGroups, type GroupCounts } from '../store/groups.ts';
import { countHeld } from '../store/held-actions.ts';
import { findHolds, holdParents, type Hold } from '../store/holds.ts';
import { isActive } from '../store/setups.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { describeHolds, presentHold } from './hold-messages.ts';
import { presentComparison } from './present-comparison.ts';

export async function getAppStatus(ctx: PusherContext, { app }: GetAppStatusRequest): Promise<GetAppStatusResponse> {
  const key = readAppName('app', app);
  const setup = await requireSetup(ctx, app, key);
  const work = (await findApp(ctx.pool, key))!;
  const coverage = await findCoverage(ctx.pool, key.customerId);
  const pendingCount = await countPending(ctx.pool, key, ctx.now());
  const counts = await countAccounts(ctx.pool, key);
  const groups = await countGroups(ctx.pool, key, ctx.now());
  const heldCount = await countHeld(ctx.pool, key);
  const holds = await findHolds(ctx.pool, holdParents(key));
  const comparison = await findComparison(ctx.pool, key);
  const described = describeState({ setup, work, coverage, pendingCount, groups, heldCount, holds });
  return {
    ...described,
    explanation: `${described.explanation}${describeGroups(setup, coverage, groups)}`,
    heldCount,
    holds: holds.map(presentHold),
    comparison: comparison && presentComparison(comparison),
    setupRevision: setup.revision,
    readNo: coverage?.readNo ?? 0n,
    pendingCount,
    failingCount: counts.failing,
    groupCount: groups.linked,
    failingGroupCount: groups.failing,
    activeCount: counts.active,
    suspendedCount: counts.suspended,
    lastAcceptedTime: counts.lastAcceptedAt ?? undefined,
    backOffUntil: work.backOffUntil,
    requestCounts: Object.fromEntries(Object.entries(work.requestCounts).map(([method, n]) => [method, BigInt(n)])),
  };
}

/** How the pushed groups stand; empty: there are none. */
function describeGroups({ setup }: AppSetup, coverage: Coverage | undefined, { linked, failing }: GroupCounts): string {
  const wanted = setup.pushedGroups.map(({ group }) => group);
  if (wanted.length === 0) return '';
  const unread = wanted.filter((group) => !coverage?.groups.includes(group));
  const waits = unread.length > 0 ? `, waits for a read of ${unread.join(', ')}` : '';
  return `; groups: ${linked} there, ${failing} failing${waits}`;
}

type Stand = {
  setup: AppSetup;
  work: AppWork;
  coverage: Coverage | undefined;
  pendingCount: bigint;
  groups: GroupCounts;
  heldCount: bigint;
  holds: readonly Hold[];
};

function describeState(stand: Stand) {
  const described = describeWork(stand);
  const { holds } = stand;
  if (holds.length === 0 || described.state === GetAppStatusResponse_State.STATE_HELD) return described;
  return { ...described, explanation: `${described.explanation}; ${describeHolds(holds)}` };
}

function describeWork({ setup, work, coverage, pendingCount, groups, heldCount, holds }: Stand) {
  const say = (state: GetAppStatusResponse_State, explanation: string) => ({ state, explanation });
  if (!isActive(setup))
    return say(GetAppStatusResponse_State.STATE_INACTIVE, 'the setup is inactive: activate it to push');
  if (holds.some(({ what }) => what === 'writes'))
    return say(GetAppStatusResponse_State.STATE_HELD, describeHolds(holds));
  if (work.health === 'quarantined' || work.health === 'backing_off') {
    const state =
      work.health === 'quarantined'
        ? GetAppStatusResponse_State.STATE_QUARANTINED
        : GetAppStatusResponse_State.STATE_BACKING_OFF;
    const when = work.backOffUntil ? `, tried again at ${work.backOffUntil.toISOString()}` : '';
    return say(state, `${work.healthCode} ${work.healthReason}: ${work.healthDetail ?? ''}${when}`);
  }
  const waitsFor = uncovered(setup, coverage);
  if (waitsFor.length > 0) {
    return say(GetAppStatusResponse_State.STATE_WAITING_FOR_READ, `waits for a read of ${waitsFor.join(', ')}`);
  }
  if (pendingCount > 0n)
    return say(GetAppStatusResponse_State.STATE_RUNNING, `${pendingCount} people are to be decided`);
  if (groups.due > 0n) return say(GetAppStatusResponse_State.STATE_RUNNING, `${groups.due} groups are to be pushed`);
  if (work.removalsKeptBack && holds.length > 0) {
    return say(GetAppStatusResponse_State.STATE_HELD, `people keep their access: ${describeHolds(holds)}`);
  }
  if (heldCount > 0n) {
    const advice = 'see "autoprov held", then "autoprov approve", or correct the setup or the directory';
    return say(GetAppStatusResponse_State.STATE_HELD, `${heldCount} changes wait for an approval: ${advice}`);
  }
  return say(GetAppStatusResponse_State.STATE_IN_STEP, 'everything that can be done is done');
}
