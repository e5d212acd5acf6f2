import { RpcError, type CallContext } from '@autoprov/grpc';
import type { CheckDelegationRequest, CheckDelegationResponse } from '@autoprov/proto';
import { auditing } from '../audit-refusals.ts';
import { checkScopes, type CheckedScope } from '../check-scopes.ts';
import { confirmDirectory } from '../confirm-directory.ts';
import type { BrokerContext } from '../context.ts';
import { directoryScopes } from '../directory-tokens.ts';
import { openDelegation, requireDelegation } from '../open-delegation.ts';
import { reportFailed, reportPassed } from '../report-checks.ts';
import type { StoredDelegation } from '../store/delegations.ts';
import { readDelegationName } from './names.ts';

/** The one that reads users, and so says whose they are. */
const [userScope] = directoryScopes;

export async function checkDelegation(
  ctx: BrokerContext,
  request: CheckDelegationRequest,
  call: CallContext,
): Promise<CheckDelegationResponse> {
  const customerId = readDelegationName('name', request.name);
  const stored = await requireDelegation(ctx, customerId);
  const checked = await checkScopes(ctx.tokens, openDelegation(ctx, stored));
  const directory = await checkDirectory(ctx, stored, checked, call);
  if (directory.code === '' && checked.every(({ token }) => token)) await reportPassed(ctx, `customers/${customerId}`);
  return {
    ...directory,
    scopes: checked.map(({ scope, token, problem }) => ({
      scope,
      granted: token !== undefined,
      code: problem?.code ?? '',
      reason: problem?.finerReason ?? problem?.reason ?? '',
    })),
  };
}

/** What the answer says of the directory. */
async function checkDirectory(
  ctx: BrokerContext,
  stored: StoredDelegation,
  checked: CheckedScope[],
  call: CallContext,
): Promise<Omit<CheckDelegationResponse, 'scopes'>> {
  const nothing = { googleCustomerId: '', code: '', reason: '', message: '' };
  const token = checked.find(({ scope }) => scope === userScope)?.token;
  if (!token) return nothing;
  const customer = `customers/${stored.customerId}`;
  const confirm = () => confirmDirectory(ctx, stored, token.accessToken, call);
  try {
    const googleCustomerId = await auditing(ctx, { caller: call.caller, resource: customer }, confirm);
    return { ...nothing, googleCustomerId };
  } catch (err) {
    const metadata = err instanceof RpcError ? err.details.metadata : undefined;
    if (!(err instanceof RpcError) || !metadata?.['code']) throw err;
    await reportFailed(ctx, customer, err);
    const { code, finer_reason: reason = err.reason, google_customer_id: googleCustomerId = '' } = metadata;
    return { googleCustomerId, code, reason, message: err.message };
  }
}
