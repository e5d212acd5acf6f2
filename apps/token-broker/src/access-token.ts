import { inTransaction, isUnavailable, releaseLease, takeLease } from '@autoprov/postgres';
import { backoffMs, sleep } from '@autoprov/service';
import type { BrokerContext } from './context.ts';
import {
  openTokens,
  readClient,
  sealTokens,
  timesOf,
  tokensOf,
  type GivenTokens,
  type OAuthTokens,
} from './domain/oauth-secrets.ts';
import { isGood } from './domain/token-age.ts';
import { TokenEndpointError } from './oauth-requests.ts';
import { openSealed, orUnreadable } from './open-sealed.ts';
import { credentialReplaced, reauthorizeNeeded, tokenEndpointUnavailable } from './rpc/oauth-errors.ts';
import { findCredential, type StoredCredential } from './store/credentials.ts';
import {
  findTokens,
  noteReauthorize,
  noteRefreshStarted,
  noteTokenRetry,
  saveTokens,
  type StoredTokens,
} from './store/oauth-tokens.ts';
import { takeSecretVersion } from './store/secret-versions.ts';
import { keepForRevocation } from './withdraw-credential.ts';

/** An access token that the service provider takes until `expireTime`; null: it does not say. */
export type AccessToken = { accessToken: string; version: bigint; expireTime: Date | null };

/** Longer than a token request may take. Who is late saves all the same: what is stored is compared, not the lease. */
const LEASE_MS = 15_000;
const LOOK_EVERY_MS = 100;
const SAVE_TRIES_AT_MOST = 8;

/**
 * The access token of an OAuth credential, renewed when it is about to end or `forceNew`: once for all replicas and all
 * who ask. Throws the failures of the error model: 17009, 17013, 25016.
 */
export async function getAccessToken(
  ctx: BrokerContext,
  credential: StoredCredential,
  forceNew: boolean,
): Promise<AccessToken> {
  const app = nameOf(credential);
  if (credential.reauthorizeReason !== null) throw refusedBefore(credential, credential.reauthorizeReason);
  const tokens = await findTokens(ctx.pool, credential);
  if (tokens && isGood(tokens, forceNew, ctx.now())) return open(ctx, tokens);
  const running = ctx.renewals.get(app);
  if (running) return running;
  const renewal = renew(ctx, credential, { seen: tokens?.version, forceNew }).finally(() => ctx.renewals.delete(app));
  ctx.renewals.set(app, renewal);
  return renewal;
}

type Wish = {
  /** The version of the tokens that do not do any more. */
  seen: bigint | undefined;
  forceNew: boolean;
};

/** Takes its turn among the replicas. Whoever dies in its turn is followed when its lease ends. */
async function renew(ctx: BrokerContext, credential: StoredCredential, wish: Wish): Promise<AccessToken> {
  const request = { name: `tokens of ${nameOf(credential)}`, owner: ctx.owner, ttlMs: LEASE_MS };
  for (;;) {
    const lease = await takeLease(ctx.pool, request);
    if (lease) {
      try {
        return await renewAlone(ctx, credential, wish);
      } finally {
        // A lease that cannot be given back expires.
        await releaseLease(ctx.pool, lease).catch(() => {});
      }
    }
    await sleep(LOOK_EVERY_MS);
    const tokens = await findTokens(ctx.pool, credential);
    if (tokens && tokens.version !== wish.seen) return open(ctx, tokens);
  }
}

async function renewAlone(
  ctx: BrokerContext,
  before: StoredCredential,
  { seen, forceNew }: Wish,
): Promise<AccessToken> {
  const credential = await findCredential(ctx.pool, before);
  if (credential?.version !== before.version) throw credentialReplaced(nameOf(before));
  if (credential.reauthorizeReason !== null) throw refusedBefore(credential, credential.reauthorizeReason);
  const tokens = await findTokens(ctx.pool, credential);
  if (tokens && tokens.version !== seen) return open(ctx, tokens);
  // Tokens are renewed before they end: until then the old one does, unless the service provider has refused it.
  const fallback = tokens && !forceNew && isGood(tokens, false, ctx.now(), 'to its end') ? tokens : undefined;
  const waitMs = (credential.tokenRetryTime?.getTime() ?? 0) - ctx.now().getTime();
  if (waitMs > 0) {
    if (fallback) return open(ctx, fallback);
    throw tokenEndpointUnavailable({ said: 'it asked to be left alone', retryAfterMs: waitMs });
  }
  try {
    return await requestTokens(ctx, credential, tokens);
  } catch (err) {
    if (!(err instanceof TokenEndpointError)) throw err;
    const failure = await noteFailure(ctx, credential, tokens, err);
    if (fallback && failure.details.retryAfterMs !== undefined) return open(ctx, fallback);
    throw failure;
  }
}

async function requestTokens(
  ctx: BrokerContext,
  credential: StoredCredential,
  tokens: StoredTokens | undefined,
): Promise<AccessToken> {
  const client = readClient(openSealed(ctx, credential));
  // Taken before, so that little is left to do between the answer and its storing.
  const version = await takeSecretVersion(ctx.pool);
  if (credential.kind === 'oauth_client_credentials') {
    const given = await ctx.oauth.useClientCredentials(client);
    return keep(ctx, credential, { given, version, replaces: tokens?.version });
  }
  const { refreshToken } = tokens ? openStored(ctx, tokens) : {};
  if (!tokens || refreshToken === undefined) {
    throw new TokenEndpointError({ reason: 'TOKEN_REFRESH_REJECTED', said: 'no refresh token is stored' });
  }
  await noteRefreshStarted(ctx.pool, tokens, ctx.now());
  const given = await ctx.oauth.refresh(client, refreshToken);
  // RFC 6749 §6: without a new refresh token the old one goes on.
  return keep(ctx, credential, { given: { refreshToken, ...given }, version, replaces: tokens.version });
}

/**
 * Stores new tokens before anybody uses the access token: the refresh token before them may be worth nothing by now. So
 * when PostgreSQL goes away just then, it is waited for.
 */
async function keep(
  ctx: BrokerContext,
  credential: StoredCredential,
  { given, version, replaces }: { given: GivenTokens; version: bigint; replaces: bigint | undefined },
): Promise<AccessToken> {
  const { customerId, appId, version: credentialVersion } = credential;
  const owner = { customerId, appId, version };
  const row = { ...owner, sealed: sealTokens(ctx.sealer, tokensOf(given), owner), ...timesOf(given, ctx.now()) };
  for (let attempt = 0; ; attempt++) {
    try {
      const isKept = await inTransaction(ctx.pool, async (tx) => {
        if (await saveTokens(tx, row, { credentialVersion, replaces })) return true;
        // So that no token is left that nobody knows of. Where the client is still the app's, the grant is in use.
        const isInUse = (await findCredential(tx, credential))?.clientId === credential.clientId;
        if (!isInUse) await keepForRevocation(ctx, tx, credential, tokensOf(given));
        return false;
      });
      if (!isKept) throw credentialReplaced(nameOf(credential));
      return { accessToken: given.accessToken, version, expireTime: row.expireTime };
    } catch (err) {
      if (!isUnavailable(err) || attempt + 1 >= SAVE_TRIES_AT_MOST) throw err;
      await sleep(backoffMs(attempt, { baseMs: 200, capMs: 3_000 }));
    }
  }
}

async function noteFailure(
  ctx: BrokerContext,
  credential: StoredCredential,
  tokens: StoredTokens | undefined,
  { failure }: TokenEndpointError,
) {
  const { customerId, appId, version: credentialVersion } = credential;
  const renewal = { customerId, appId, credentialVersion, tokensVersion: tokens?.version };
  switch (failure.reason) {
    case 'TOKEN_REFRESH_REJECTED':
    case 'CLIENT_SECRET_INVALID': {
      await noteReauthorize(ctx.pool, renewal, failure.reason);
      const interrupted = tokens?.refreshStartTime ? ', after a refresh whose end was not stored' : '';
      return reauthorizeNeeded(nameOf(credential), failure.reason, failure.said + interrupted);
    }
    default:
      if (failure.retryAfterMs !== undefined) {
        await noteTokenRetry(ctx.pool, renewal, new Date(ctx.now().getTime() + failure.retryAfterMs));
      }
      return tokenEndpointUnavailable(failure);
  }
}

function refusedBefore(credential: StoredCredential, reason: string) {
  return reauthorizeNeeded(nameOf(credential), reason, 'it said so before, and is not asked again');
}

function openStored(ctx: BrokerContext, tokens: StoredTokens): OAuthTokens {
  return orUnreadable(() => openTokens(ctx.sealer, tokens));
}

function open(ctx: BrokerContext, tokens: StoredTokens): AccessToken {
  return { ...tokens, accessToken: openStored(ctx, tokens).accessToken };
}

function nameOf({ customerId, appId }: { customerId: string; appId: string }): string {
  return `customers/${customerId}/apps/${appId}`;
}
