import { rpcErrorOf, status } from '@autoprov/grpc';
import type { PusherContext } from '../context.ts';
import { appNameOf, type AppSetup } from '../domain/model.ts';
import { followSetups } from '../follow-setups.ts';
import type { AppWork } from '../store/apps.ts';
import { findSetup } from '../store/setups.ts';
import type { ScimFailure } from './scim-failure.ts';

/** A deletion comes with the next answer of config; this is for records that were lost, as by a backup put back. */
const CONFIRM_EVERY_MS = 300_000;
/** A config that fails is not asked for each pass. */
const ASK_AGAIN_AFTER_MS = 30_000;
const TIMEOUT_MS = 5_000;

const missing: ScimFailure = {
  code: '25001',
  reason: 'SETUP_MISSING',
  retryable: false,
  detail: 'config has no setup for this app, and has not deleted it: set provisioning up again',
  httpStatus: 0,
};

/**
 * Whether config still has the setup that work is about to be done for; asked when it was not for five minutes. While
 * config does not say, what was found last stands, and work goes on.
 *
 * @param isConfigSilent it has not answered for a while: it is not asked
 * @returns `outdated`: there is a newer one, or it was deleted, and now we know; the failure 25001: its record is missing
 */
export async function confirmSetup(
  ctx: PusherContext,
  app: AppSetup,
  { healthCode }: Pick<AppWork, 'healthCode'>,
  isConfigSilent: boolean,
): Promise<'confirmed' | 'outdated' | ScimFailure> {
  const name = appNameOf(app);
  const asFound = healthCode === missing.code ? missing : 'confirmed';
  const askAtMs = ctx.confirmAgainAtMs.get(name) ?? -Infinity;
  if (isConfigSilent || performance.now() < askAtMs) return asFound;
  try {
    await ctx.config.getSetup({ name: `${name}/setup` }, { timeoutMs: TIMEOUT_MS });
    ctx.confirmAgainAtMs.set(name, performance.now() + CONFIRM_EVERY_MS);
    return 'confirmed';
  } catch (err) {
    if (rpcErrorOf(err).code === status.NOT_FOUND) return judgeMissing(ctx, app);
    ctx.confirmAgainAtMs.set(name, performance.now() + ASK_AGAIN_AFTER_MS);
    ctx.logger.warn({ err, app: name }, 'config does not say whether the setup is there: what was found last stands');
    return asFound;
  }
}

/** Only what config tells in order is believed of a deletion: without it the record is missing. */
async function judgeMissing(ctx: PusherContext, app: AppSetup): Promise<'outdated' | ScimFailure> {
  await followSetups(ctx);
  return (await findSetup(ctx.pool, app))?.revision === app.revision ? missing : 'outdated';
}
