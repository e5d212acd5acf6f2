import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { entryOf } from '@autoprov/failure-catalogue';
import { status } from '@autoprov/grpc';
import { Credential_Kind, Credential_State, OAuthClient_Authentication, type OAuthClient } from '@autoprov/proto';
import type { OAuthProvider } from '@autoprov/testing';
import { failureOf, soon, type BrokerForTests } from '../broker.fixture.ts';
import { authorize, begin, clientOf, startOAuthForTests } from '../oauth.fixture.ts';

const app = 'customers/acme/apps/crm';
const other = 'customers/acme/apps/hr';
const name = `${app}/credential`;

let oauth: Awaited<ReturnType<typeof startOAuthForTests>>;
let broker: BrokerForTests;
let provider: OAuthProvider;
beforeAll(async () => {
  oauth = await startOAuthForTests();
  ({ broker, provider } = oauth);
  for (const one of [app, other]) broker.installed.add(one);
});
afterAll(() => oauth.stop());
beforeEach(async () => {
  provider.run({ do: 'clearFaults' });
  await broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: 'sp-t0ken' }, keepPrevious: false, validateOnly: false },
    soon,
  );
});

const complete = (redirectedUrl: string, of = app) =>
  broker.clients.cli.completeAuthorization({ app: of, redirectedUrl }, soon);
const getHeader = async () =>
  (await broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon)).headerValue;
const beginWith = (client?: OAuthClient) => begin(broker, provider, { app, ...(client && { client }) });
const withParameter = (url: string, parameter: string, value: string) => {
  const changed = new URL(url);
  changed.searchParams.set(parameter, value);
  return changed.href;
};

/** What is refused has the published words, and changes nothing: the credential before goes on working. */
async function expectRefused(work: Promise<unknown>, finerReason?: string) {
  const failure = await failureOf(work);
  expect(failure).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'AUTHORIZATION_TOKEN_NOT_GENERATED',
    localizedMessage: entryOf('AUTHORIZATION_TOKEN_NOT_GENERATED').message,
    metadata: { app, ...(finerReason && { finer_reason: finerReason }) },
  });
  expect(failure.localizedMessage).toBe('Authorization token could not be generated.');
  expect(failure.retryAfterMs).toBeUndefined();
  expect(await getHeader()).toBe('Bearer sp-t0ken');
  return failure;
}

test('a person who agrees gives the app an access token, and what failed before is over', async () => {
  await broker.clients.cli.deleteCredential({ name }, soon);
  await failureOf(getHeader());
  await broker.takeChecks();
  const url = await beginWith();
  const redirected = await provider.agree(url);
  const { credential } = await complete(redirected);
  expect(credential).toMatchObject({
    name,
    kind: Credential_Kind.KIND_OAUTH_CODE,
    state: Credential_State.STATE_READY,
    clientId: provider.codeClient.clientId,
  });
  const header = await getHeader();
  expect(header).toMatch(/^Bearer /);
  expect(provider.isAlive(header.slice('Bearer '.length))).toBe(true);
  expect(await broker.takeChecks()).toMatchObject([{ subject: app, code: '17010', passed: true }]);
});

test('beginning stores no credential, and its URL has PKCE and a state of 256 bits', async () => {
  const url = new URL(await beginWith());
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: provider.codeClient.clientId,
    redirect_uri: provider.redirectUri,
    scope: 'scim',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
    state: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(await getHeader()).toBe('Bearer sp-t0ken');
});

test('a public client, and an authorization URL with a query of its own, work', async () => {
  const client = clientOf(provider, provider.publicClient, {
    authentication: OAuthClient_Authentication.AUTHENTICATION_NONE,
    authorizationUrl: `${provider.authorizationUrl}?audience=api`,
  });
  const url = await beginWith(client);
  expect(new URL(url).searchParams.get('audience')).toBe('api');
  expect((await complete(await provider.agree(url))).credential?.clientId).toBe(provider.publicClient.clientId);
});

test('what its service provider wants beside is asked for, also when it is authorized again', async () => {
  const client = clientOf(provider, provider.codeClient, { authorizationParameters: { token_access_type: 'offline' } });
  const urls = [await beginWith(client)];
  await complete(await provider.agree(urls[0]!));
  const again = { app, client: undefined, redirectUri: provider.redirectUri };
  urls.push((await broker.clients.cli.beginAuthorization(again, soon)).authorizationUrl);
  for (const url of urls) expect(new URL(url).searchParams.get('token_access_type')).toBe('offline');
});

test('to authorize again, the stored client is used', async () => {
  await authorize(broker, provider, app);
  const { authorizationUrl } = await broker.clients.cli.beginAuthorization(
    { app, client: undefined, redirectUri: provider.redirectUri },
    soon,
  );
  const before = await getHeader();
  await complete(await provider.agree(authorizationUrl));
  expect(await getHeader()).not.toBe(before);
});

test('a state is used once', async () => {
  const redirected = await provider.agree(await beginWith());
  await complete(redirected);
  expect(await failureOf(complete(redirected))).toMatchObject({ reason: 'AUTHORIZATION_TOKEN_NOT_GENERATED' });
});

test('of many who complete the same at once, one does', async () => {
  const redirected = await provider.agree(await beginWith());
  const ended = await Promise.allSettled(Array.from({ length: 10 }, () => complete(redirected)));
  expect(ended.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
});

test('a code that was used is refused', async () => {
  const used = await provider.agree(await beginWith());
  await complete(used, app);
  await broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: 'sp-t0ken' }, keepPrevious: false, validateOnly: false },
    soon,
  );
  const next = await provider.agree(await beginWith());
  await expectRefused(complete(withParameter(next, 'code', new URL(used).searchParams.get('code')!)));
});

test('a code that is too old is refused', async () => {
  const redirected = await provider.agree(await beginWith());
  provider.expireCodes();
  await expectRefused(complete(redirected));
});

test('a code of an authorization with another PKCE verifier is refused', async () => {
  const [first, second] = [await provider.agree(await beginWith()), await provider.agree(await beginWith())];
  await expectRefused(complete(withParameter(first, 'code', new URL(second).searchParams.get('code')!)));
});

test('without PKCE the service provider gives no code', async () => {
  const url = new URL(await beginWith());
  url.searchParams.delete('code_challenge');
  await expectRefused(complete(await provider.agree(url.href)));
});

test('an authorization that is older than 10 minutes is refused', async () => {
  const redirected = await provider.agree(await beginWith());
  await broker.restart({ CLOCK_OFFSET_MS: '600000' });
  await expectRefused(complete(redirected));
  await broker.restart({});
});

test.each([
  ['a wrong state', (url: string) => withParameter(url, 'state', 'x'.repeat(43))],
  ['no state', (url: string) => withParameter(url, 'state', '')],
  ['another issuer', (url: string) => withParameter(url, 'iss', 'https://evil.example.com')],
  ['a wrong code', (url: string) => withParameter(url, 'code', 'x')],
  ['no code', (url: string) => withParameter(url, 'code', '')],
])('%s is refused', async (_, spoil) => {
  await expectRefused(complete(spoil(await provider.agree(await beginWith()))));
});

test('an issuer that is not named is refused when the client names one, and nothing is compared when it does not', async () => {
  const withoutIssuer = (url: string) => {
    const changed = new URL(url);
    changed.searchParams.delete('iss');
    return changed.href;
  };
  await expectRefused(complete(withoutIssuer(await provider.agree(await beginWith()))));
  const client = clientOf(provider, provider.codeClient, { issuer: '' });
  const redirected = await provider.agree(await beginWith(client));
  await complete(withParameter(redirected, 'iss', 'https://tenant.example.com'));
});

test('the state of another app is refused, and stays good for its own', async () => {
  const redirected = await provider.agree(await begin(broker, provider, { app: other }));
  await expectRefused(complete(redirected));
  await complete(redirected, other);
});

test.each(['caller', 'person'])('the state that another %s began with is refused', async (whose) => {
  const redirected = await provider.agree(await beginWith());
  await broker.pool.query(`update authorizations set ${whose} = 'another'`);
  await expectRefused(complete(redirected));
});

test('an answer without a refresh token is refused', async () => {
  provider.giveRefreshTokens(false);
  const redirected = await provider.agree(await beginWith());
  const { message } = await expectRefused(complete(redirected));
  expect(message).toContain('no refresh token');
  provider.giveRefreshTokens(true);
});

test('a person who does not agree is told so', async () => {
  const { message } = await expectRefused(complete(await provider.refuse(await beginWith())));
  expect(message).toContain('access_denied');
});

test('a wrong client secret is told from a wrong code, and authorizing again is not advised', async () => {
  const client = clientOf(provider, provider.codeClient, { clientSecret: 'wrong' });
  const { message } = await expectRefused(
    complete(await provider.agree(await beginWith(client))),
    'CLIENT_SECRET_INVALID',
  );
  expect(message).toContain('Compare client id and secret');
});

test('a token endpoint that fails leaves nothing behind', async () => {
  for (const fault of [{ effect: 'failBefore' }, { effect: 'html' }, { effect: 'resetAfter' }] as const) {
    const redirected = await provider.agree(await beginWith());
    provider.run({ do: 'fault', path: '/token', ...fault });
    await expectRefused(complete(redirected));
  }
});

test.each<[string, Partial<OAuthClient>, string]>([
  ['a token URL at a private address', { tokenUrl: 'https://10.0.0.7/token' }, 'client.token_url'],
  ['a token URL at the metadata server', { tokenUrl: 'https://169.254.169.254/token' }, 'client.token_url'],
  ['a token URL that is not https', { tokenUrl: 'http://sp.example.com/token' }, 'client.token_url'],
  ['a private revocation URL', { revocationUrl: 'https://intranet/revoke' }, 'client.revocation_url'],
  ['a private authorization URL', { authorizationUrl: 'https://[::1]:99/a' }, 'client.authorization_url'],
  ['no client id', { clientId: '' }, 'client.client_id'],
  ['no secret', { clientSecret: '' }, 'client.client_secret'],
  ['a scope with a space', { scopes: ['a b'] }, 'client.scopes[0]'],
  ['a state of its own', { authorizationParameters: { state: 'x' } }, 'client.authorization_parameters'],
])('%s is refused by field', async (_, changes, field) => {
  const client = clientOf(provider, provider.codeClient, changes);
  expect(await failureOf(beginWith(client))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field }],
  });
});

test.each([
  'http://autoprov.example.com/cb',
  'https://autoprov.example.com/cb?a=1',
  'https://autoprov.example.com',
  'cb',
])('the redirect URI %s is refused', async (redirectUri) => {
  const request = { app, client: clientOf(provider), redirectUri };
  expect(await failureOf(broker.clients.cli.beginAuthorization(request, soon))).toMatchObject({
    fieldViolations: [{ field: 'redirect_uri' }],
  });
});

test('without a stored client, one must be given', async () => {
  const request = { app, client: undefined, redirectUri: provider.redirectUri };
  expect(await failureOf(broker.clients.cli.beginAuthorization(request, soon))).toMatchObject({
    fieldViolations: [{ field: 'client' }],
  });
});
