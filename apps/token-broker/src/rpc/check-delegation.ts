import type { CheckDelegationRequest, CheckDelegationResponse } from '@autoprov/proto';
import { checkScopes } from '../check-scopes.ts';
import type { BrokerContext } from '../context.ts';
import { openDelegation } from '../open-delegation.ts';
import { readDelegationName } from './names.ts';

export async function checkDelegation(
  ctx: BrokerContext,
  request: CheckDelegationRequest,
): Promise<CheckDelegationResponse> {
  const { account } = await openDelegation(ctx, readDelegationName('name', request.name));
  const checked = await checkScopes(ctx.tokens, account);
  return {
    googleCustomerId: '',
    code: '',
    reason: '',
    message: '',
    scopes: checked.map(({ scope, problem }) => ({
      scope,
      granted: problem === undefined,
      code: problem?.code ?? '',
      reason: problem?.reason ?? '',
    })),
  };
}
