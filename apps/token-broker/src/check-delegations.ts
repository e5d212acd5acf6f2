import { randomUUID } from 'node:crypto';
import { RpcError } from '@autoprov/grpc';
import { withLease } from '@autoprov/postgres';
import { auditing } from './audit-refusals.ts';
import { confirmDirectory } from './confirm-directory.ts';
import type { BrokerContext } from './context.ts';
import { openDelegation } from './open-delegation.ts';
import { reporting } from './report-checks.ts';
import { requestToken } from './request-token.ts';
import { takeDelegationToCheck, type StoredDelegation } from './store/delegations.ts';

const LEASE_MS = 30_000;
const owner = randomUUID();

/**
 * Checks every bound delegation whose check is due: whether Google gives a token, and of which directory. One replica does
 * it at a time. What is found is reported as checks; a delegation that fails is due again in an hour.
 */
export async function checkDelegations(ctx: BrokerContext, stopping: AbortSignal): Promise<void> {
  await withLease(ctx.pool, { name: 'check delegations', owner, ttlMs: LEASE_MS }, async ({ lost }) => {
    while (!stopping.aborted && !lost.aborted) {
      const stored = await takeDelegationToCheck(ctx.pool, ctx.now());
      if (!stored) return;
      await checkOne(ctx, stored);
    }
  });
}

async function checkOne(ctx: BrokerContext, stored: StoredDelegation): Promise<void> {
  const resource = `customers/${stored.customerId}`;
  const check = async () => {
    const { accessToken } = await requestToken(ctx, openDelegation(ctx, stored));
    await confirmDirectory(ctx, stored, accessToken);
  };
  try {
    await reporting(ctx, resource, () => auditing(ctx, { caller: ctx.origin.service, resource }, check));
  } catch (err) {
    // Said by the check, or by nobody: another delegation must not wait for it.
    if (err instanceof RpcError) return;
    ctx.logger.error(
      { err, customer: stored.customerId },
      'a delegation could not be checked: it is tried again in an hour',
    );
  }
}
