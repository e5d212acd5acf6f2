import { inTransaction } from '@autoprov/postgres';
import type { PusherContext } from './context.ts';
import { readSetupFeed, saveSetupChanges } from './store/setups.ts';

/** Takes over what changed in config since the last time; run every few seconds. */
export async function followSetups(ctx: PusherContext): Promise<void> {
  for (;;) {
    const { sinceRevision } = await readSetupFeed(ctx.pool);
    const answer = await ctx.config.listSetupChanges({ sinceRevision, pageSize: 500 }, { timeoutMs: 10_000 });
    await inTransaction(ctx.pool, (tx) => saveSetupChanges(tx, answer.changes, answer.nextSinceRevision, ctx.now()));
    if (answer.changes.length > 0) ctx.wakeWorkers();
    if (!answer.more) return;
  }
}
