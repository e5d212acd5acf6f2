import { rpcErrorOf, status } from '@autoprov/grpc';
import type { PusherContext } from '../context.ts';
import type { AppSetup } from '../domain/model.ts';
import { followSetups } from '../follow-setups.ts';
import { findSetup } from '../store/setups.ts';
import type { ScimFailure } from './scim-client.ts';

/** A deletion comes with the next answer of config; this is for records that were lost, as by a backup put back. */
const CONFIRM_EVERY_MS = 300_000;
const TIMEOUT_MS = 5_000;

/**
 * Whether config still has the setup that work is about to be done for; asked when it was not for five minutes. While
 * config does not answer, work goes on.
 *
 * @returns `outdated`: there is a newer one, or it was deleted, and now we know; the failure 25001: its record is missing
 */
export async function confirmSetup(ctx: PusherContext, app: AppSetup): Promise<'confirmed' | 'outdated' | ScimFailure> {
  const name = `customers/${app.customerId}/apps/${app.appId}`;
  const confirmedAtMs = ctx.confirmedAtMs.get(name) ?? -Infinity;
  if (performance.now() - confirmedAtMs < CONFIRM_EVERY_MS) return 'confirmed';
  try {
    await ctx.config.getSetup({ name: `${name}/setup` }, { timeoutMs: TIMEOUT_MS });
    ctx.confirmedAtMs.set(name, performance.now());
    return 'confirmed';
  } catch (err) {
    if (rpcErrorOf(err).code === status.NOT_FOUND) return judgeMissing(ctx, app);
    ctx.logger.warn({ err, app: name }, 'config does not say whether the setup is there: going on');
    return 'confirmed';
  }
}

/** Only what config tells in order is believed of a deletion: without it the record is missing. */
async function judgeMissing(ctx: PusherContext, app: AppSetup): Promise<'outdated' | ScimFailure> {
  await followSetups(ctx);
  if ((await findSetup(ctx.pool, app))?.revision !== app.revision) return 'outdated';
  const detail = 'config has no setup for this app, and has not deleted it: set provisioning up again';
  return { code: '25001', reason: 'SETUP_MISSING', retryable: false, detail, httpStatus: 0 };
}
