import { createHash } from 'node:crypto';
import { randomPKCECodeVerifier, randomState } from 'openid-client';
import type { CallContext } from '@autoprov/grpc';
import type { BeginAuthorizationRequest, BeginAuthorizationResponse, OAuthClient } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { checkOAuthClient, checkRedirectUri } from '../domain/oauth-client.ts';
import { readClient, sealAuthorization } from '../domain/oauth-secrets.ts';
import { openSealed } from '../open-sealed.ts';
import { requireInstalled } from '../require-installed.ts';
import { saveAuthorization } from '../store/authorizations.ts';
import { findCredential, type AppKey } from '../store/credentials.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { invalidField, refuseViolations } from './errors.ts';
import { readApp } from './names.ts';

const LIFE_MS = 600_000;

export async function beginAuthorization(
  ctx: BrokerContext,
  { app, client: givenClient, redirectUri }: BeginAuthorizationRequest,
  call: CallContext,
): Promise<BeginAuthorizationResponse> {
  const key = readApp('app', app);
  checkRequest(ctx, givenClient, redirectUri);
  await requireInstalled(ctx, app, call);
  const client = givenClient ?? (await findClient(ctx, key));
  const [state, codeVerifier] = [randomState(), randomPKCECodeVerifier()];
  const url = await ctx.oauth.authorizationUrl(client, { redirectUri, state, codeVerifier });
  const version = await takeSecretVersion(ctx.pool);
  const expireTime = new Date(ctx.now().getTime() + LIFE_MS);
  const authorization = {
    ...key,
    stateHash: hashState(state),
    caller: call.caller,
    person: hashPerson(call),
    redirectUri,
    version,
    sealed: sealAuthorization(ctx.sealer, { client, codeVerifier }, { ...key, version }),
    expireTime,
  };
  await saveAuthorization(ctx.pool, authorization, ctx.now());
  return { authorizationUrl: url.href, expireTime };
}

/** How a state is found again: only the person's browser has it. */
export function hashState(state: string): Buffer {
  return createHash('sha256').update(state).digest();
}

/** For whom the workload acts, without their address; empty: for nobody. */
export function hashPerson({ person }: CallContext): string {
  return person === undefined ? '' : createHash('sha256').update(person).digest('base64url');
}

function checkRequest({ allowedHosts }: BrokerContext, client: OAuthClient | undefined, redirectUri: string): void {
  const wrongRedirect = checkRedirectUri(redirectUri);
  refuseViolations([
    ...(client ? checkOAuthClient(client, { field: 'client', grant: 'authorization_code', allowedHosts }) : []),
    ...(wrongRedirect === undefined ? [] : [{ field: 'redirect_uri', description: wrongRedirect }]),
  ]);
}

async function findClient(ctx: BrokerContext, key: AppKey): Promise<OAuthClient> {
  const stored = await findCredential(ctx.pool, key);
  if (stored?.kind === 'oauth_code') return readClient(openSealed(ctx, stored));
  throw invalidField('client', 'no OAuth client is stored for the app: give one');
}
