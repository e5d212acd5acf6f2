import { RpcError, type CallContext } from '@autoprov/grpc';
import type { GetDirectoryAccessTokenRequest, GetDirectoryAccessTokenResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { directoryScopes, TokenRefusedError, type DirectoryToken, type ServiceAccount } from '../directory-tokens.ts';
import { judgeTokenRefusal } from '../domain/google-token-error.ts';
import { openDelegation } from '../open-delegation.ts';
import { reportChecks, type CheckResult } from '../report-check.ts';
import { recordIssue } from '../store/audit.ts';
import { noToken } from './errors.ts';
import { readCustomer } from './names.ts';

/** A token is not handed out in its last minutes: a read that starts with it must be able to end. */
const marginMs = 300_000;

/** Tokens in memory, and requests for one under way, by customer and version of its service account. */
export type TokenCache = Map<string, Promise<DirectoryToken>>;

export async function getDirectoryAccessToken(
  ctx: BrokerContext,
  cache: TokenCache,
  request: GetDirectoryAccessTokenRequest,
  { caller }: CallContext,
): Promise<GetDirectoryAccessTokenResponse> {
  const customerId = readCustomer('customer', request.customer);
  try {
    const { stored, account } = await openDelegation(ctx, customerId);
    const key = `${customerId}|${stored.version}`;
    const token = await cached(cache, key, request.forceNew, () => requestToken(ctx, account));
    await recordIssue(ctx.pool, { caller, resource: request.customer, version: stored.version, time: ctx.now() });
    await reportChecks(ctx, passedChecks(request.customer));
    return { accessToken: token.accessToken, expireTime: new Date(token.expireTime.getTime() - marginMs) };
  } catch (err) {
    if (err instanceof RpcError) await reportChecks(ctx, [failedCheck(request.customer, err)]);
    throw err;
  }
}

/** One request at a time for each service account, and none while the last token lasts. */
async function cached(
  cache: TokenCache,
  key: string,
  forceNew: boolean,
  make: () => Promise<DirectoryToken>,
): Promise<DirectoryToken> {
  const held = await cache.get(key)?.catch(() => undefined);
  if (held && !forceNew && held.expireTime.getTime() - marginMs > Date.now()) return held;
  const making = make();
  cache.set(key, making);
  making.catch(() => cache.delete(key));
  return making;
}

async function requestToken(ctx: BrokerContext, account: ServiceAccount): Promise<DirectoryToken> {
  try {
    return await ctx.tokens.request(account, directoryScopes);
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    throw noToken(judgeTokenRefusal(err.refusal), err.message);
  }
}

/** Codes of the error model whose failure is the installation's, not the customer's. */
const platformCodes = new Set(['17002', '17011']);
const customerCodes = ['17003', '17006', '17007', '25016'];

function passedChecks(customer: string): CheckResult[] {
  return [
    ...[...platformCodes].map((code) => ({ subject: 'installation', code, passed: true as const })),
    ...customerCodes.map((code) => ({ subject: customer, code, passed: true as const })),
  ];
}

function failedCheck(customer: string, err: RpcError): CheckResult {
  const code = err.details.metadata?.['code'] ?? '12002';
  return {
    subject: platformCodes.has(code) ? 'installation' : customer,
    code,
    passed: false,
    reason: err.reason,
    detail: err.message,
  };
}
