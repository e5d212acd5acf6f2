import { RpcError } from '@autoprov/grpc';
import type { Reason } from '@autoprov/proto';
import type { BrokerContext } from './context.ts';
import { recordRefusal } from './store/audit-refusals.ts';

/** What is refused for what it would give to whom; the rest is a mistake of the caller, or an outage. */
const audited: ReadonlySet<Reason> = new Set<Reason>([
  'SERVICE_ACCOUNT_TAKEN',
  'GOOGLE_CUSTOMER_MISMATCH',
  'GOOGLE_CUSTOMER_TAKEN',
  'DELEGATION_MISSING',
  'APP_NOT_INSTALLED',
  'CREDENTIAL_MISSING',
  'CREDENTIAL_UNREADABLE',
  'AUTHORIZATION_TOKEN_NOT_GENERATED',
]);

/**
 * Does what a caller asks of `resource`, a customer or an app; a refusal by a rule is in the audit before it is answered.
 * The version in it is the one that the error's metadata names.
 */
export async function auditing<T>(
  { pool, now }: BrokerContext,
  { caller, resource }: { caller: string; resource: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (err instanceof RpcError && audited.has(err.reason)) {
      const version = BigInt(err.details.metadata?.['version'] ?? 0);
      await recordRefusal(pool, { caller, resource, version, reason: err.reason, time: now() });
    }
    throw err;
  }
}
