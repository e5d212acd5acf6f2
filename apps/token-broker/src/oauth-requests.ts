import { readFileSync } from 'node:fs';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clientCredentialsGrant,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  None,
  refreshTokenGrant,
  tokenRevocation,
  type ClientAuth,
  type TokenEndpointResponse,
} from 'openid-client';
import { createOutboundAgent } from '@autoprov/outbound';
import { OAuthClient_Authentication, type OAuthClient } from '@autoprov/proto';
import { cutDetail } from '@autoprov/scim';
import type { GivenTokens } from './domain/oauth-secrets.ts';
import { isRevoked, judgeTokenFailure, type EndpointAnswer, type TokenFailure } from './domain/token-answer.ts';
import { createEndpointFetch } from './endpoint-fetch.ts';

const TIMEOUT_MS = 10_000;

/** Thrown when an authorization server does not do what it was asked for. Its message holds no secret. */
export class TokenEndpointError extends Error {
  override name = 'TokenEndpointError';
  readonly failure: TokenFailure;

  constructor(failure: TokenFailure) {
    super(failure.said);
    this.failure = failure;
  }
}

/** A person's answer to an authorization. */
export type Authorization = { redirectUri: string; redirectedUrl: URL; state: string; codeVerifier: string };

/** What authorization servers are asked for. All throw TokenEndpointError. */
export type OAuthRequests = {
  /** Where the person agrees, with PKCE (RFC 7636, S256). Asks nobody. */
  authorizationUrl(client: OAuthClient, begun: Omit<Authorization, 'redirectedUrl'>): Promise<URL>;
  /** RFC 6749 §4.1.3; checks state, and issuer (RFC 9207) when the client names one. */
  exchangeCode(client: OAuthClient, authorization: Authorization): Promise<GivenTokens>;
  /** RFC 6749 §6. */
  refresh(client: OAuthClient, refreshToken: string): Promise<GivenTokens>;
  /** RFC 6749 §4.4. */
  useClientCredentials(client: OAuthClient): Promise<GivenTokens>;
  /** RFC 7009. Resolves when the token is of no use any more. */
  revoke(client: OAuthClient, token: string, kind: 'refresh_token' | 'access_token'): Promise<void>;
  stop(): Promise<void>;
};

/** Speaks OAuth through openid-client; every request goes out by an agent that checks addresses when it connects. */
export function createOAuthRequests(sp: {
  caFile: string | undefined;
  allowedHosts: readonly string[];
}): OAuthRequests {
  const agent = createOutboundAgent({
    allowedHosts: sp.allowedHosts,
    timeoutMs: TIMEOUT_MS,
    ...(sp.caFile !== undefined && { ca: readFileSync(sp.caFile, 'utf8') }),
  });

  /** A client for one request, and what is heard of the answer. */
  function prepare(client: OAuthClient) {
    const heard: { answer?: EndpointAnswer } = {};
    const configuration = configure(client);
    configuration[customFetch] = createEndpointFetch(agent, (answer) => (heard.answer = answer));
    return { configuration, heard };
  }

  async function askForTokens(
    client: OAuthClient,
    request: (configuration: Configuration) => Promise<TokenEndpointResponse>,
  ): Promise<GivenTokens> {
    const { configuration, heard } = prepare(client);
    try {
      return readTokens(await request(configuration));
    } catch (err) {
      throw failureOf(err, heard.answer);
    }
  }

  return {
    async authorizationUrl(client, { redirectUri, state, codeVerifier }) {
      return buildAuthorizationUrl(configure(client), {
        ...client.authorizationParameters,
        redirect_uri: redirectUri,
        state,
        ...scopeOf(client),
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
    },
    exchangeCode(client, { redirectUri, redirectedUrl, state, codeVerifier }) {
      // The library takes the redirect URI from here; it must be the one that the code was asked for with.
      const url = new URL(redirectUri);
      url.search = redirectedUrl.search;
      // It compares an issuer that is named in any case; what to compare it with is not known.
      if (client.issuer === '') url.searchParams.delete('iss');
      const checks = { expectedState: state, pkceCodeVerifier: codeVerifier };
      return askForTokens(client, (configuration) => authorizationCodeGrant(configuration, url, checks));
    },
    refresh: (client, refreshToken) =>
      askForTokens(client, (configuration) => refreshTokenGrant(configuration, refreshToken)),
    useClientCredentials: (client) =>
      askForTokens(client, (configuration) => clientCredentialsGrant(configuration, scopeOf(client))),
    async revoke(client, token, kind) {
      const { configuration, heard } = prepare(client);
      try {
        await tokenRevocation(configuration, token, { token_type_hint: kind });
      } catch (err) {
        if (!heard.answer || !isRevoked(heard.answer)) throw failureOf(err, heard.answer);
      }
    },
    stop: () => agent.destroy(),
  };
}

function configure(client: OAuthClient): Configuration {
  const { issuer, authorizationUrl, tokenUrl, revocationUrl, clientId } = client;
  const configuration = new Configuration(
    {
      // The library wants one; it is compared only where the client names it.
      issuer: issuer || new URL(tokenUrl).origin,
      authorization_response_iss_parameter_supported: issuer !== '',
      token_endpoint: tokenUrl,
      ...(authorizationUrl !== '' && { authorization_endpoint: authorizationUrl }),
      ...(revocationUrl !== '' && { revocation_endpoint: revocationUrl }),
    },
    clientId,
    {},
    authenticationOf(client),
  );
  configuration.timeout = TIMEOUT_MS / 1_000;
  return configuration;
}

function authenticationOf({ authentication, clientSecret }: OAuthClient): ClientAuth {
  switch (authentication) {
    case OAuthClient_Authentication.AUTHENTICATION_POST:
      return ClientSecretPost(clientSecret);
    case OAuthClient_Authentication.AUTHENTICATION_NONE:
      return None();
    default:
      return ClientSecretBasic(clientSecret);
  }
}

function scopeOf({ scopes }: OAuthClient): { scope?: string } {
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') };
}

function readTokens({
  access_token: accessToken,
  refresh_token: refreshToken,
  expires_in: seconds,
}: TokenEndpointResponse) {
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(seconds !== undefined && { expiresInMs: seconds * 1_000 }),
  };
}

/**
 * What a failed request means. The library's error is not kept as its cause: it hangs bodies, and what was sent, on it.
 *
 * @param answer undefined: the library refused before it asked anybody
 */
function failureOf(err: unknown, answer: EndpointAnswer | undefined): unknown {
  if (answer) return new TokenEndpointError(judgeTokenFailure(answer, Date.now()));
  const { code, error, message, cause } = err as { code?: unknown; error?: unknown; message: string; cause?: unknown };
  if (typeof code !== 'string' || !code.startsWith('OAUTH_')) return err;
  const said = typeof error === 'string' ? cutDetail(error) : cause instanceof Error ? cause.message : message;
  return new TokenEndpointError({ reason: 'TOKEN_ENDPOINT_FAILED', said });
}
