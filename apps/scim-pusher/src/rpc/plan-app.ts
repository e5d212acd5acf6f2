import type { CallContext } from '@autoprov/grpc';
import type { PlanAppRequest, PlanAppResponse, PlannedAction, PlanTotals } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { dangers, type Danger } from '../domain/guard.ts';
import type { AppKey } from '../domain/model.ts';
import { createPlanSurvey, planPeople, type Planned, type PlanSurvey } from '../push/plan-people.ts';
import { uncovered } from '../push/push-app.ts';
import { findCoverage } from '../store/customers.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';
import { withChanges } from './planned-setup.ts';
import { presentPlannedAction } from './present-planned-action.ts';

export async function planApp(
  ctx: PusherContext,
  request: PlanAppRequest,
  { signal }: Pick<CallContext, 'signal'>,
): Promise<PlanAppResponse> {
  const key = readAppName('app', request.app);
  const limit = readPageSize(request.pageSize);
  const stored = await requireSetup(ctx, request.app, key);
  const app = withChanges(stored, request);
  const waitingFor = uncovered(app, await findCoverage(ctx.pool, key.customerId));
  const answer = { actions: [], nextPageToken: '', totals: undefined, setupRevision: app.revision, waitingFor };
  if (waitingFor.length > 0) return answer;
  // What the guard would hold is known at the end of the whole plan: the first page goes there, and tells the others.
  const token = readPageToken(request.pageToken, (parts) => parts.length === 2);
  const survey = token ? undefined : createPlanSurvey();
  const page: Planned[] = [];
  for await (const planned of planPeople(ctx, app, app !== stored, token?.[0] ?? '')) {
    signal.throwIfAborted();
    survey?.add(planned);
    if (page.length <= limit && planned.turn.decision.do !== 'nothing') page.push(planned);
    if (page.length > limit && !survey) break;
  }
  const whole = await survey?.end(ctx, app);
  const held = whole?.heldDangers ?? dangers.filter((danger) => token?.[1]?.split(',').includes(danger));
  const shown = page.slice(0, limit);
  return {
    ...answer,
    actions: shown.map((planned) => present(key, planned, held)),
    nextPageToken: page.length > limit ? toPageToken(shown.at(-1)!.turn.userId, held.join()) : '',
    totals: whole && presentTotals(whole),
  };
}

function present({ customerId }: AppKey, planned: Planned, heldDangers: readonly Danger[]): PlannedAction {
  const { turn, heldAnyway, limited, dangers: found } = planned;
  const held = heldAnyway || limited.some((danger) => heldDangers.includes(danger));
  return presentPlannedAction({ ...turn, customerId, dangers: found, held });
}

function presentTotals({ counts, heldCount }: PlanSurvey): PlanTotals {
  const of = (what: Planned['turn']['decision']['do']) => BigInt(counts.get(what) ?? 0);
  return {
    creates: of('create'),
    updates: of('update'),
    reactivates: of('reactivate'),
    suspends: of('suspend'),
    deletes: of('delete'),
    refusals: of('refuse'),
    unchanged: of('nothing'),
    held: BigInt(heldCount),
  };
}
