import type { CallContext } from '@autoprov/grpc';
import type { CompleteAuthorizationRequest, CompleteAuthorizationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import {
  openAuthorization,
  sealTokens,
  timesOf,
  tokensOf,
  writeClient,
  type GivenTokens,
} from '../domain/oauth-secrets.ts';
import { TokenEndpointError } from '../oauth-requests.ts';
import { orUnreadable } from '../open-sealed.ts';
import { replaceCredential } from '../replace-credential.ts';
import { requireInstalled } from '../require-installed.ts';
import { takeAuthorization } from '../store/authorizations.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { hashPerson, hashState } from './begin-authorization.ts';
import { invalidField } from './errors.ts';
import { readApp } from './names.ts';
import { notAuthorized } from './oauth-errors.ts';
import { presentCredential } from './present.ts';

export async function completeAuthorization(
  ctx: BrokerContext,
  { app, redirectedUrl: redirectedText }: CompleteAuthorizationRequest,
  call: CallContext,
): Promise<CompleteAuthorizationResponse> {
  const key = readApp('app', app);
  const redirectedUrl = readUrl(redirectedText);
  await requireInstalled(ctx, app, call);
  const state = redirectedUrl.searchParams.get('state') ?? '';
  const begun = { ...key, stateHash: hashState(state), caller: call.caller, person: hashPerson(call) };
  const taken = await takeAuthorization(ctx.pool, begun, ctx.now());
  if (!taken) throw notAuthorized(app, 'The state is wrong, was used, is too old or belongs to another app');
  const { client, codeVerifier } = orUnreadable(() => openAuthorization(ctx.sealer, taken));
  const { redirectUri } = taken;

  const given = await exchange(app, () =>
    ctx.oauth.exchangeCode(client, { redirectUri, redirectedUrl, state, codeVerifier }),
  );
  const now = ctx.now();
  const [version, tokensVersion] = [await takeSecretVersion(ctx.pool), await takeSecretVersion(ctx.pool)];
  const kind = 'oauth_code';
  const owner = { ...key, version: tokensVersion };
  const credential = {
    ...key,
    kind,
    version,
    sealed: ctx.sealer.seal(writeClient(client), { ...key, kind, version }),
    clientId: client.clientId,
    expireTime: null,
  } as const;
  const sealed = sealTokens(ctx.sealer, tokensOf(given), owner);
  const tokens = { ...owner, sealed, ...timesOf(given, now) };
  return { credential: presentCredential(await replaceCredential(ctx, credential, { tokens }), now) };
}

async function exchange(app: string, request: () => Promise<GivenTokens>): Promise<GivenTokens> {
  let given: GivenTokens;
  try {
    given = await request();
  } catch (err) {
    if (!(err instanceof TokenEndpointError)) throw err;
    const { reason, said } = err.failure;
    const finerReason = reason === 'CLIENT_SECRET_INVALID' || reason === 'REDIRECT_MISMATCH' ? reason : undefined;
    throw notAuthorized(app, `The service provider did not exchange the code (${said})`, finerReason);
  }
  if (given.refreshToken !== undefined) return given;
  throw notAuthorized(app, 'The service provider gave no refresh token: ask for offline access, then begin again');
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw invalidField('redirected_url', 'it is not a URL: give the whole address of the page');
  return new URL(text);
}
