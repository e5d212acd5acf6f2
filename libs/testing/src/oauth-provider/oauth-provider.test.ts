import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { startOAuthProvider, type OAuthProvider } from './oauth-provider.ts';

let provider: OAuthProvider;
beforeAll(async () => {
  provider = await startOAuthProvider();
});
afterAll(() => provider.stop());

const verifier = randomBytes(32).toString('base64url');

function authorizationUrl(changes: Record<string, string | undefined> = {}): string {
  const url = new URL(provider.authorizationUrl);
  const parameters = {
    client_id: provider.codeClient.clientId,
    response_type: 'code',
    redirect_uri: provider.redirectUri,
    scope: 'scim',
    state: 'abc',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

async function askForToken(parameters: Record<string, string>) {
  const { clientId, clientSecret } = provider.codeClient;
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const body = new URLSearchParams(parameters);
  const answer = await fetch(provider.tokenUrl, { method: 'POST', body, headers: { authorization } });
  return (await answer.json()) as { access_token?: string; refresh_token?: string; error?: string };
}

test('a person who agrees is sent back with a code that is exchanged once for tokens', async () => {
  const redirected = new URL(await provider.agree(authorizationUrl()));
  expect(redirected.href).toContain(provider.redirectUri);
  expect(Object.fromEntries(redirected.searchParams)).toMatchObject({ state: 'abc', iss: provider.issuer });
  const exchange = {
    grant_type: 'authorization_code',
    code: redirected.searchParams.get('code')!,
    redirect_uri: provider.redirectUri,
    code_verifier: verifier,
  };
  const first = await askForToken(exchange);
  expect(first).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) });
  expect(await askForToken(exchange)).toMatchObject({ error: 'invalid_grant' });
});

test('without PKCE nobody gets a code, and who does not agree is sent back with an error', async () => {
  const without = await provider.agree(
    authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
  );
  expect(new URL(without).searchParams.get('error')).toBe('invalid_request');
  expect(new URL(await provider.refuse(authorizationUrl())).searchParams.get('error')).toBe('access_denied');
});

test('a refresh token is good for one refresh, and used again it ends the grant', async () => {
  const redirected = new URL(await provider.agree(authorizationUrl()));
  const code = redirected.searchParams.get('code')!;
  const exchange = { grant_type: 'authorization_code', code, redirect_uri: provider.redirectUri };
  const { refresh_token: first } = await askForToken({ ...exchange, code_verifier: verifier });
  const { refresh_token: second } = await askForToken({ grant_type: 'refresh_token', refresh_token: first! });
  expect(provider.isAlive(second!)).toBe(true);
  expect(await askForToken({ grant_type: 'refresh_token', refresh_token: first! })).toMatchObject({
    error: 'invalid_grant',
  });
  expect(provider.isAlive(second!)).toBe(false);
  expect([provider.granted('refresh_token'), provider.refused('refresh_token')]).toEqual([1, 1]);
});
