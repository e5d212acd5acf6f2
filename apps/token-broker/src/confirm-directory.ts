import { RpcError, rpcErrorOf, type CallContext } from '@autoprov/grpc';
import { isUniqueViolation } from '@autoprov/postgres';
import type { Reason } from '@autoprov/proto';
import type { BrokerContext } from './context.ts';
import { googleCustomerRefused, replacedMeanwhile } from './rpc/errors.ts';
import { recordIssue } from './store/audit.ts';
import { confirmBinding, findDelegation, withdrawConfirmation, type StoredDelegation } from './store/delegations.ts';

const TIMEOUT_MS = 10_000;

/** Whether the directory of this service account and admin is confirmed to be the customer's. */
export function isConfirmed({ confirmedVersion, version }: StoredDelegation): boolean {
  return confirmedVersion === version;
}

/**
 * Asks which directory a token reads, and binds the customer to it, or compares it with the one that the customer is bound
 * to. Answers Google's id of it. Throws FAILED_PRECONDITION (17007) when it is another's, and from then on no token is
 * given out; with a code of directory-reader when the directory could not be asked.
 */
export async function confirmDirectory(
  ctx: BrokerContext,
  stored: StoredDelegation,
  accessToken: string,
  parent?: CallContext,
): Promise<string> {
  const googleCustomerId = await identifyDirectory(ctx, stored, accessToken, parent);
  try {
    if (await confirmBinding(ctx.pool, stored, googleCustomerId, ctx.now())) return googleCustomerId;
  } catch (err) {
    if (!isUniqueViolation(err, 'delegations_google_customer_id')) throw err;
    return refuse(ctx, stored, 'GOOGLE_CUSTOMER_TAKEN', googleCustomerId);
  }
  return refuse(ctx, stored, 'GOOGLE_CUSTOMER_MISMATCH', googleCustomerId);
}

async function refuse(
  { pool, now }: BrokerContext,
  stored: StoredDelegation,
  reason: Reason,
  googleCustomerId: string,
): Promise<never> {
  if (!(await withdrawConfirmation(pool, stored, now()))) throw replacedMeanwhile();
  // What it is bound to may have changed since it was read.
  const bound = (await findDelegation(pool, stored.customerId))?.googleCustomerId ?? null;
  throw googleCustomerRefused(reason, { version: stored.version, googleCustomerId, bound });
}

async function identifyDirectory(
  { directoryReader, pool, now }: BrokerContext,
  { customerId, version, adminEmail }: StoredDelegation,
  accessToken: string,
  parent: CallContext | undefined,
): Promise<string> {
  const customer = `customers/${customerId}`;
  const request = { customer, adminEmail, accessToken };
  // The token leaves us here, whatever becomes of the check.
  await recordIssue(pool, { caller: 'directory-reader', resource: customer, version, time: now() });
  try {
    const how = { timeoutMs: TIMEOUT_MS, ...(parent && { parent }) };
    return (await directoryReader.identifyDirectory(request, how)).googleCustomerId;
  } catch (err) {
    const { code, reason, message, metadata, retryAfterMs } = rpcErrorOf(err);
    // Without a code of the error model the reader itself does not answer.
    if (!metadata['code'] || code === 0) throw err;
    throw new RpcError(code, reason as Reason, message, {
      metadata,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      cause: err,
    });
  }
}
