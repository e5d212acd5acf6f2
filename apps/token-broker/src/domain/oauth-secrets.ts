import { OAuthClient } from '@autoprov/proto';
import type { SealedFor, Sealer } from './sealing.ts';

/** The tokens of an OAuth credential. Client credentials have no refresh token. */
export type OAuthTokens = { accessToken: string; refreshToken?: string };

/** What a token endpoint gave. */
export type GivenTokens = OAuthTokens & {
  /** For how long the access token is good; absent: it does not say. */
  expiresInMs?: number;
};

/** What is kept until tokens are revoked. */
export type RevokedSecret = { client: OAuthClient; tokens: OAuthTokens };

/** What is kept until an authorization is completed. */
export type BegunAuthorization = { client: OAuthClient; codeVerifier: string };

/** The secret part of what was given. */
export function tokensOf({ accessToken, refreshToken }: GivenTokens): OAuthTokens {
  return { accessToken, ...(refreshToken !== undefined && { refreshToken }) };
}

/** When tokens that were given now were made, and when the access token ends; null: not known. */
export function timesOf({ expiresInMs }: GivenTokens, now: Date): { makeTime: Date; expireTime: Date | null } {
  return { makeTime: now, expireTime: expiresInMs === undefined ? null : new Date(now.getTime() + expiresInMs) };
}

/** What an OAuth client with its secret is sealed as: the text of the stored credential. */
export function writeClient(client: OAuthClient): string {
  return JSON.stringify(OAuthClient.toJSON(client));
}

/** The reverse of writeClient. */
export function readClient(text: string): OAuthClient {
  return OAuthClient.fromJSON(JSON.parse(text));
}

type Owner = { customerId: string; appId: string; version: bigint };

/** Seals tokens for their app and version. */
export function sealTokens(sealer: Sealer, tokens: OAuthTokens, owner: Owner): Buffer {
  return sealer.seal(JSON.stringify(tokens), sealedFor('oauth_tokens', owner));
}

/** The reverse of sealTokens. Throws UnreadableSecretError. */
export function openTokens(sealer: Sealer, row: Owner & { sealed: Buffer }): OAuthTokens {
  return JSON.parse(sealer.open(row.sealed, sealedFor('oauth_tokens', row))) as OAuthTokens;
}

/** Seals the client, with its secret, and the PKCE verifier of an authorization. */
export function sealAuthorization(sealer: Sealer, { client, codeVerifier }: BegunAuthorization, owner: Owner): Buffer {
  const text = JSON.stringify({ client: writeClient(client), codeVerifier });
  return sealer.seal(text, sealedFor('authorization', owner));
}

/** The reverse of sealAuthorization. Throws UnreadableSecretError. */
export function openAuthorization(sealer: Sealer, row: Owner & { sealed: Buffer }): BegunAuthorization {
  const text = sealer.open(row.sealed, sealedFor('authorization', row));
  const { client, codeVerifier } = JSON.parse(text) as { client: string; codeVerifier: string };
  return { client: readClient(client), codeVerifier };
}

/** Seals a client and those of its tokens that are to be revoked. */
export function sealRevocation(sealer: Sealer, { client, tokens }: RevokedSecret, owner: Owner): Buffer {
  return sealer.seal(JSON.stringify({ client: writeClient(client), tokens }), sealedFor('revocation', owner));
}

/** The reverse of sealRevocation. Throws UnreadableSecretError. */
export function openRevocation(sealer: Sealer, row: Owner & { sealed: Buffer }): RevokedSecret {
  const text = sealer.open(row.sealed, sealedFor('revocation', row));
  const { client, tokens } = JSON.parse(text) as { client: string; tokens: OAuthTokens };
  return { client: readClient(client), tokens };
}

function sealedFor(kind: string, { customerId, appId, version }: Owner): SealedFor {
  return { customerId, appId, kind, version };
}
