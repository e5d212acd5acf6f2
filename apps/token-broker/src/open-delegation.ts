import type { BrokerContext } from './context.ts';
import type { ServiceAccount } from './directory-tokens.ts';
import { UnreadableSecretError, type SealedFor } from './domain/sealing.ts';
import { failedPrecondition, unreadable } from './rpc/errors.ts';
import { findDelegation, type StoredDelegation } from './store/delegations.ts';

/** What a service account's key is sealed for. */
export function sealedForDelegation(customerId: string, version: bigint): SealedFor {
  return { customerId, appId: '', kind: 'service_account', version };
}

/** The customer's delegation. Throws FAILED_PRECONDITION (17003) when there is none. */
export async function requireDelegation({ pool }: BrokerContext, customerId: string): Promise<StoredDelegation> {
  const stored = await findDelegation(pool, customerId);
  if (stored) return stored;
  const advice = 'store one with "autoprov apply" and authorize its client id in the admin console';
  throw failedPrecondition('DELEGATION_MISSING', '17003', `the customer has no service account: ${advice}`);
}

/** The service account, with its key where that is stored. Throws FAILED_PRECONDITION (25016) when it does not open. */
export function openDelegation({ sealer }: BrokerContext, stored: StoredDelegation): ServiceAccount {
  const { customerId, version, sealed, serviceAccountEmail: email, adminEmail } = stored;
  try {
    const privateKey = sealed === null ? undefined : sealer.open(sealed, sealedForDelegation(customerId, version));
    return { email, adminEmail, privateKey };
  } catch (err) {
    throw err instanceof UnreadableSecretError ? unreadable(err) : err;
  }
}
