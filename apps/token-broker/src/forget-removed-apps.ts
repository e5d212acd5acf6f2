import type { BrokerContext } from './context.ts';
import { reportOver } from './report-checks.ts';
import { listSilentHolders } from './store/checks.ts';

/** Longer than the hour after which a check that still fails is published again. */
const SILENT_FOR_MS = 75 * 60_000;

/**
 * Ends 25002 of apps for which nobody has asked any more: a service that had not heard yet of an app's removal opens it,
 * and what has been removed for good is no failure.
 */
export async function forgetRemovedApps(ctx: BrokerContext): Promise<void> {
  const before = new Date(ctx.now().getTime() - SILENT_FOR_MS);
  for (const app of await listSilentHolders(ctx.pool, '25002', before))
    await reportOver(ctx, app, { subject: app, code: '25002' });
}
