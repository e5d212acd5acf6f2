import type { CallContext } from '@autoprov/grpc';
import type { GetDirectoryAccessTokenRequest, GetDirectoryAccessTokenResponse } from '@autoprov/proto';
import { checkScopes } from '../check-scopes.ts';
import type { BrokerContext } from '../context.ts';
import { directoryScopes, TokenRefusedError, type DirectoryToken, type ServiceAccount } from '../directory-tokens.ts';
import { judgeTokenRefusal } from '../domain/google-token-error.ts';
import { openDelegation } from '../open-delegation.ts';
import { reporting } from '../report-checks.ts';
import { recordIssue } from '../store/audit.ts';
import { noToken } from './errors.ts';
import { readCustomer } from './names.ts';

export async function getDirectoryAccessToken(
  ctx: BrokerContext,
  { customer, forceNew }: GetDirectoryAccessTokenRequest,
  { caller }: CallContext,
): Promise<GetDirectoryAccessTokenResponse> {
  const customerId = readCustomer('customer', customer);
  return reporting(ctx, customer, async () => {
    const { stored, account } = await openDelegation(ctx, customerId);
    const { accessToken, expireTime } = await ctx.tokenCache.get(stored, forceNew, () => requestToken(ctx, account));
    await recordIssue(ctx.pool, { caller, resource: customer, version: stored.version, time: ctx.now() });
    return { accessToken, expireTime };
  });
}

async function requestToken({ tokens }: BrokerContext, account: ServiceAccount): Promise<DirectoryToken> {
  try {
    return await tokens.request(account, directoryScopes);
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    const problem = judgeTokenRefusal(err.refusal);
    const checked = problem.reason === 'SCOPE_MISSING' ? await checkScopes(tokens, account) : [];
    const missingScopes = checked.filter((one) => one.problem).map(({ scope }) => scope);
    throw noToken(problem, err.message, missingScopes);
  }
}
