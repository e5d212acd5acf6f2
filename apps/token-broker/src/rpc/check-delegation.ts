import type { CheckDelegationRequest, CheckDelegationResponse, ScopeCheck } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { directoryScopes, TokenRefusedError, type ServiceAccount } from '../directory-tokens.ts';
import { judgeTokenRefusal } from '../domain/google-token-error.ts';
import { openDelegation } from '../open-delegation.ts';
import { readDelegationName } from './names.ts';

export async function checkDelegation(
  ctx: BrokerContext,
  request: CheckDelegationRequest,
): Promise<CheckDelegationResponse> {
  const { account } = await openDelegation(ctx, readDelegationName('name', request.name));
  return { scopes: await Promise.all(directoryScopes.map((scope) => checkScope(ctx, account, scope))) };
}

/** Google says that a part of the scopes is missing, not which: each is asked for alone. */
async function checkScope(ctx: BrokerContext, account: ServiceAccount, scope: string): Promise<ScopeCheck> {
  try {
    await ctx.tokens.request(account, [scope]);
    return { scope, granted: true, code: '', reason: '' };
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    const { code, reason } = judgeTokenRefusal(err.refusal);
    return { scope, granted: false, code, reason };
  }
}
