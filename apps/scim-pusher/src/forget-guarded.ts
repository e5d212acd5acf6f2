import type { PusherContext } from './context.ts';
import { guardWindowMaxMs } from './domain/guard.ts';
import { forgetApprovals } from './store/approvals.ts';
import { forgetGuardedChanges } from './store/guarded-changes.ts';
import { forgetHeldActions } from './store/held-actions.ts';

/** Who asks what became of an approval finds it for so long. */
const endedKeptMs = 30 * 86_400_000;

/** Forgets what the guard needs no more, and nobody asks for: run every hour. */
export async function forgetGuarded({ pool, now }: Pick<PusherContext, 'pool' | 'now'>): Promise<void> {
  const nowMs = now().getTime();
  const endedBefore = new Date(nowMs - endedKeptMs);
  await forgetGuardedChanges(pool, new Date(nowMs - guardWindowMaxMs));
  await forgetHeldActions(pool, endedBefore);
  await forgetApprovals(pool, endedBefore);
}
