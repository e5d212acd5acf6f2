import type { CallContext } from '@autoprov/grpc';
import { ExtraScope, type GetDirectoryAccessTokenRequest, type GetDirectoryAccessTokenResponse } from '@autoprov/proto';
import { confirmDirectory, isConfirmed } from '../confirm-directory.ts';
import type { BrokerContext } from '../context.ts';
import { extraScopes, type DirectoryToken } from '../directory-tokens.ts';
import { openDelegation, requireDelegation } from '../open-delegation.ts';
import { reporting } from '../report-checks.ts';
import { requestExtraToken, requestToken } from '../request-token.ts';
import { recordIssue } from '../store/audit.ts';
import type { StoredDelegation } from '../store/delegations.ts';
import { invalidField } from './errors.ts';
import { readCustomer } from './names.ts';

export async function getDirectoryAccessToken(
  ctx: BrokerContext,
  { customer, forceNew, extraScope }: GetDirectoryAccessTokenRequest,
  { caller }: CallContext,
): Promise<GetDirectoryAccessTokenResponse> {
  const customerId = readCustomer('customer', customer);
  const issue = async (stored: StoredDelegation, token: DirectoryToken) => {
    await recordIssue(ctx.pool, { caller, resource: customer, version: stored.version, time: ctx.now() });
    return { accessToken: token.accessToken, expireTime: token.expireTime };
  };
  const scope = readExtraScope(extraScope);
  if (scope !== undefined) {
    const stored = await requireConfirmed(ctx, customer, customerId);
    return issue(stored, await makeExtraToken(ctx, stored, scope, forceNew));
  }
  return reporting(ctx, customer, async () => {
    const stored = await requireDelegation(ctx, customerId);
    const token = isConfirmed(stored) ? await makeToken(ctx, stored, forceNew) : await makeConfirmedToken(ctx, stored);
    return issue(stored, token);
  });
}

function readExtraScope(extraScope: ExtraScope | undefined): string | undefined {
  switch (extraScope) {
    case undefined:
    case ExtraScope.EXTRA_SCOPE_UNSPECIFIED:
      return undefined;
    case ExtraScope.EXTRA_SCOPE_GROUP_READONLY:
      return extraScopes.groups;
    case ExtraScope.EXTRA_SCOPE_ORGUNIT_READONLY:
      return extraScopes.orgUnits;
    default:
      throw invalidField('extra_scope', 'it is none that this version knows');
  }
}

/** A delegation that reads the customer's own directory for certain; where that is not known yet, it is checked now. */
async function requireConfirmed(ctx: BrokerContext, customer: string, customerId: string): Promise<StoredDelegation> {
  const stored = await requireDelegation(ctx, customerId);
  if (!isConfirmed(stored)) await reporting(ctx, customer, () => makeConfirmedToken(ctx, stored));
  return stored;
}

/** What Google says of an extra scope is answered and not reported: the delegation works or fails by its three scopes. */
async function makeExtraToken(
  ctx: BrokerContext,
  stored: StoredDelegation,
  scope: string,
  forceNew: boolean,
): Promise<DirectoryToken> {
  const account = openDelegation(ctx, stored);
  const { customerId, version } = stored;
  return ctx.tokenCache.get({ customerId, version, extraScope: scope }, forceNew, () =>
    requestExtraToken(ctx, account, scope),
  );
}

async function makeToken(ctx: BrokerContext, stored: StoredDelegation, forceNew: boolean): Promise<DirectoryToken> {
  const account = openDelegation(ctx, stored);
  const { customerId, version } = stored;
  return ctx.tokenCache.get({ customerId, version }, forceNew, () => requestToken(ctx, account));
}

/** However many ask, one check is made, and none of them gets a token before it has passed. */
async function makeConfirmedToken(ctx: BrokerContext, stored: StoredDelegation): Promise<DirectoryToken> {
  return ctx.confirming.run(`${stored.customerId} ${stored.version}`, async () => {
    const token = await makeToken(ctx, stored, true);
    await confirmDirectory(ctx, stored, token.accessToken);
    return token;
  });
}
