import type { PusherContext } from './context.ts';
import { guardWindowMaxMs } from './domain/guard.ts';
import { forgetApprovals } from './store/approvals.ts';
import { forgetGuardedChanges } from './store/guarded-changes.ts';
import { forgetHeldActions } from './store/held-actions.ts';
import { forgetSurveys } from './store/surveyed-accounts.ts';
import { forgetPast } from './store/versions.ts';

/** Forgets what was over longer ago than history is kept, and what the guard and reports need no more: run every hour. */
export async function forgetHistory({
  pool,
  now,
  settings,
}: Pick<PusherContext, 'pool' | 'now' | 'settings'>): Promise<void> {
  const nowMs = now().getTime();
  const before = new Date(nowMs - settings.historyKeptMs);
  await forgetGuardedChanges(pool, new Date(nowMs - guardWindowMaxMs));
  await forgetHeldActions(pool, before);
  await forgetApprovals(pool, before);
  await forgetPast(pool, before);
  await forgetSurveys(pool);
}
