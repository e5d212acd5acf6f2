import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';
import type { ClientMetadata, Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import type { TlsFiles } from '@autoprov/grpc';
import { startFront } from '../service-providers/front.ts';
import type { Front } from '../service-providers/front.ts';
import { browse } from './browse.ts';
import { serveInteraction } from './interactions.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import type { OAuthStore } from './memory-adapter.ts';

/** A client as it is registered at the authorization server. */
export type RegisteredClient = { clientId: string; clientSecret: string };

/** An authorization server that we did not write (npm oidc-provider), behind its front. */
export type OAuthProvider = Front & {
  issuer: string;
  authorizationUrl: string;
  tokenUrl: string;
  revocationUrl: string;
  /** Where it sends people back: the only address that its clients have registered. */
  redirectUri: string;
  /** For the authorization code grant, with client_secret_basic. */
  codeClient: RegisteredClient;
  /** The same without a secret, with PKCE alone. */
  publicClient: RegisteredClient;
  /** For the client credentials grant, with client_secret_post. */
  machineClient: RegisteredClient;
  /** Signs in and agrees at an authorization URL as a person with a browser does; answers where that leads. */
  agree: (authorizationUrl: string) => Promise<string>;
  /** Signs in and does not agree. */
  refuse: (authorizationUrl: string) => Promise<string>;
  /** How many token requests of a grant type, such as refresh_token, it has granted or refused. */
  granted: (grantType: string) => number;
  refused: (grantType: string) => number;
  /** Whether it would still take a token. */
  isAlive: (token: string) => boolean;
  /** Every refresh token that it has given and not forgotten, used ones too. */
  refreshTokens: () => string[];
  /** The person withdraws consent: every token is refused from now on. */
  revokeConsent: () => void;
  /** Access tokens are refused from now on; refresh tokens are not. */
  forgetAccessTokens: () => void;
  /** Codes that were not exchanged yet are too old from now on. */
  expireCodes: () => void;
  /** Whether consent gives a refresh token; at first it does. */
  giveRefreshTokens: (given: boolean) => void;
  /** The client's secret is another one from now on. */
  changeSecret: (client: RegisteredClient, clientSecret: string) => void;
};

const redirectUri = 'http://127.0.0.1:8765/callback';

/**
 * Starts it on loopback, in https when it is given the certificate. It demands PKCE, rotates refresh tokens (a used one
 * that comes again ends the whole grant), revokes (RFC 7009), and names itself in its answers (RFC 9207).
 *
 * @param accessTokenTtlSeconds how long access tokens live; default: an hour
 */
export async function startOAuthProvider({
  tls,
  accessTokenTtlSeconds = 3_600,
}: { tls?: TlsFiles; accessTokenTtlSeconds?: number } = {}): Promise<OAuthProvider> {
  const store: OAuthStore = new Map();
  const newClient = (clientId: string) => ({ clientId, clientSecret: randomBytes(24).toString('base64url') });
  const [codeClient, machineClient] = [newClient('code-client'), newClient('machine-client')];
  const publicClient = { clientId: 'public-client', clientSecret: '' };
  const metadata = [
    describePerson(codeClient, 'client_secret_basic'),
    describePerson(publicClient, 'none'),
    describeMachine(machineClient),
  ];
  const counts = { granted: new Map<string, number>(), refused: new Map<string, number>() };
  let givesRefreshTokens = true;

  const files = tls && { cert: readFileSync(tls.certFile, 'utf8'), key: readFileSync(tls.keyFile, 'utf8') };
  const front = await startFront(
    (url) => {
      const provider = new Provider(
        url,
        configure(store, metadata, accessTokenTtlSeconds, () => givesRefreshTokens),
      );
      provider.proxy = true;
      provider.on('grant.success', (ctx) => count(counts.granted, ctx));
      provider.on('grant.error', (ctx) => count(counts.refused, ctx));
      const handle = provider.callback();
      return (request, response) => {
        request.headers['x-forwarded-proto'] = new URL(url).protocol.slice(0, -1);
        const isPage = request.url?.startsWith('/interaction/');
        return isPage ? serveInteraction(provider, request, response) : handle(request, response);
      };
    },
    files && { tls: files },
  );
  const ca = tls && readFileSync(tls.caFile, 'utf8');
  return {
    ...front,
    issuer: front.url,
    authorizationUrl: `${front.url}/auth`,
    tokenUrl: `${front.url}/token`,
    revocationUrl: `${front.url}/token/revocation`,
    redirectUri,
    codeClient,
    publicClient,
    machineClient,
    agree: (authorizationUrl) => browse(authorizationUrl, { origin: front.url, ca, decision: 'agree' }),
    refuse: (authorizationUrl) => browse(authorizationUrl, { origin: front.url, ca, decision: 'refuse' }),
    granted: (grantType) => counts.granted.get(grantType) ?? 0,
    refused: (grantType) => counts.refused.get(grantType) ?? 0,
    isAlive: (token) =>
      ['RefreshToken', 'AccessToken', 'ClientCredentials'].some((model) => {
        const payload = store.get(`${model}:${token}`);
        return payload !== undefined && !payload['consumed'];
      }),
    refreshTokens: () => [...store.keys()].flatMap((key) => /^RefreshToken:(.+)/.exec(key)?.[1] ?? []),
    revokeConsent: () => forget(store, /^(Grant|RefreshToken|AccessToken):/),
    forgetAccessTokens: () => forget(store, /^AccessToken:/),
    expireCodes: () => forget(store, /^AuthorizationCode:/),
    giveRefreshTokens: (given) => (givesRefreshTokens = given),
    changeSecret: ({ clientId }, clientSecret) => {
      for (const one of metadata) if (one.client_id === clientId) one.client_secret = clientSecret;
    },
  };
}

function configure(
  store: OAuthStore,
  clients: ClientMetadata[],
  accessTokenTtlSeconds: number,
  givesRefreshTokens: () => boolean,
): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const inStore = createMemoryAdapter(store);
  // Clients are looked up at each request, so that their secrets can change.
  const adapter: Configuration['adapter'] = (model) =>
    model === 'Client'
      ? { ...inStore(model), find: async (id) => clients.find(({ client_id }) => client_id === id) }
      : inStore(model);
  return {
    adapter,
    jwks: { keys: [privateKey.export({ format: 'jwk' }) as JWK] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['scim', 'offline_access'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_, client, token) => token.clientId === client.clientId },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => givesRefreshTokens(),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    ttl: {
      AccessToken: accessTokenTtlSeconds,
      ClientCredentials: accessTokenTtlSeconds,
      AuthorizationCode: 60,
      Grant: 86_400,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 600,
    },
  };
}

function describePerson(
  { clientId, clientSecret }: RegisteredClient,
  method: 'client_secret_basic' | 'none',
): ClientMetadata {
  return {
    client_id: clientId,
    ...(clientSecret !== '' && { client_secret: clientSecret }),
    token_endpoint_auth_method: method,
    // Native clients may be sent back to loopback in plain http (RFC 8252 §7.3).
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'scim offline_access',
  };
}

function describeMachine({ clientId, clientSecret }: RegisteredClient): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    scope: 'scim',
  };
}

function count(counts: Map<string, number>, { oidc }: KoaContextWithOIDC): void {
  const grantType = String(oidc.params?.['grant_type']);
  counts.set(grantType, (counts.get(grantType) ?? 0) + 1);
}

function forget(store: OAuthStore, keys: RegExp): void {
  for (const key of store.keys()) if (keys.test(key)) store.delete(key);
}
