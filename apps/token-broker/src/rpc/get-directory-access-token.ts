import type { CallContext } from '@autoprov/grpc';
import type { GetDirectoryAccessTokenRequest, GetDirectoryAccessTokenResponse } from '@autoprov/proto';
import { confirmDirectory, isConfirmed } from '../confirm-directory.ts';
import type { BrokerContext } from '../context.ts';
import type { DirectoryToken } from '../directory-tokens.ts';
import { openDelegation, requireDelegation } from '../open-delegation.ts';
import { reporting } from '../report-checks.ts';
import { requestToken } from '../request-token.ts';
import { recordIssue } from '../store/audit.ts';
import type { StoredDelegation } from '../store/delegations.ts';
import { readCustomer } from './names.ts';

export async function getDirectoryAccessToken(
  ctx: BrokerContext,
  { customer, forceNew }: GetDirectoryAccessTokenRequest,
  { caller }: CallContext,
): Promise<GetDirectoryAccessTokenResponse> {
  const customerId = readCustomer('customer', customer);
  return reporting(ctx, customer, async () => {
    const stored = await requireDelegation(ctx, customerId);
    const { accessToken, expireTime } = isConfirmed(stored)
      ? await makeToken(ctx, stored, forceNew)
      : await makeConfirmedToken(ctx, stored);
    await recordIssue(ctx.pool, { caller, resource: customer, version: stored.version, time: ctx.now() });
    return { accessToken, expireTime };
  });
}

async function makeToken(ctx: BrokerContext, stored: StoredDelegation, forceNew: boolean): Promise<DirectoryToken> {
  const account = openDelegation(ctx, stored);
  return ctx.tokenCache.get(stored, forceNew, () => requestToken(ctx, account));
}

/** However many ask, one check is made, and none of them gets a token before it has passed. */
async function makeConfirmedToken(ctx: BrokerContext, stored: StoredDelegation): Promise<DirectoryToken> {
  return ctx.confirming.run(`${stored.customerId} ${stored.version}`, async () => {
    const token = await makeToken(ctx, stored, true);
    await confirmDirectory(ctx, stored, token.accessToken);
    return token;
  });
}
