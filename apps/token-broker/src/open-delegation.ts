import type { BrokerContext } from './context.ts';
import type { ServiceAccount } from './directory-tokens.ts';
import { UnreadableSecretError, type SealedFor } from './domain/sealing.ts';
import { failedPrecondition, unreadable } from './rpc/errors.ts';
import { findDelegation, type StoredDelegation } from './store/delegations.ts';

/** What a service account's key is sealed for. */
export function sealedForDelegation(customerId: string, version: bigint): SealedFor {
  return { customerId, appId: '', kind: 'service_account', version };
}

/** The customer's service account with its key. Throws FAILED_PRECONDITION when there is none, or it does not open. */
export async function openDelegation(
  ctx: BrokerContext,
  customerId: string,
): Promise<{ stored: StoredDelegation; account: ServiceAccount }> {
  const stored = await findDelegation(ctx.pool, customerId);
  if (!stored) {
    const advice = 'store one with "autoprov apply" and authorize its client id in the admin console';
    throw failedPrecondition('DELEGATION_MISSING', '17003', `the customer has no service account: ${advice}`);
  }
  try {
    const privateKey = ctx.sealer.open(stored.sealed, sealedForDelegation(customerId, stored.version));
    return { stored, account: { email: stored.serviceAccountEmail, adminEmail: stored.adminEmail, privateKey } };
  } catch (err) {
    throw err instanceof UnreadableSecretError ? unreadable(err) : err;
  }
}
