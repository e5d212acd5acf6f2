import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import { Credential_Kind, Credential_State, OAuthClient_Authentication, type OAuthClient } from '@autoprov/proto';
import { waitUntil, type OAuthProvider } from '@autoprov/testing';
import { failureOf, soon, type BrokerForTests } from './broker.fixture.ts';
import { age, authorize, clientOf, isLockAwaited, startOAuthForTests } from './oauth.fixture.ts';

const app = 'customers/acme/apps/crm';
const name = `${app}/credential`;

let stop: () => Promise<void>;
let broker: BrokerForTests;
let provider: OAuthProvider;
let replica: Awaited<ReturnType<BrokerForTests['startReplica']>>;
beforeAll(async () => {
  ({ broker, provider, stop } = await startOAuthForTests());
  replica = await broker.startReplica();
  broker.installed.add(app);
});
afterAll(async () => {
  await replica.stop();
  await stop();
});
beforeEach(async () => {
  provider.run({ do: 'clearFaults' });
  await authorize(broker, provider, app);
  await broker.takeChecks();
});

const ask = (forceNew = false, { pusher } = broker.clients) => pusher.getAppAuthorization({ app, forceNew }, soon);
const askForNew = async () => {
  await age(broker, app);
  return ask(true);
};
const getToken = async (forceNew = false) => (await ask(forceNew)).headerValue.slice('Bearer '.length);
const stateOf = async () => (await broker.clients.cli.getCredential({ name }, soon)).credential!.state;
const storeMachine = (changes: Partial<OAuthClient> = {}) => {
  const value = clientOf(provider, provider.machineClient, changes);
  const secret = { $case: 'clientCredentials', value } as const;
  return broker.clients.cli.setCredential({ app, secret, keepPrevious: false, validateOnly: false }, soon);
};
const takeBrief = async () =>
  (await broker.takeChecks()).map(({ subject, code, passed }) => `${subject} ${code} ${passed ? 'passed' : 'failed'}`);
const until = (what: string, isSo: () => Promise<boolean>) => waitUntil(what, isSo, Date.now() + 30_000);

/** How many requests reach the authorization server while `work` is done, but for those that revoke what was replaced. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  const count = () => provider.log().filter(({ path }) => path !== '/token/revocation').length;
  const before = count();
  await work();
  return count() - before;
}

test('a token is handed out until it is about to end, and refreshed each time then', async () => {
  const tokens = [await getToken()];
  expect(await requestsOf(getToken)).toBe(0);
  for (let i = 0; i < 2; i++) {
    await age(broker, app);
    tokens.push(await getToken());
  }
  expect(new Set(tokens).size).toBe(3);
  expect(provider.isAlive(tokens[2]!)).toBe(true);
});

test('a header is held for 5 minutes, and never longer than its token lasts', async () => {
  const { expireTime } = await ask();
  expect(expireTime!.getTime()).toBeGreaterThan(Date.now() + 290_000);
  await broker.pool.query(
    `update oauth_tokens set make_time = now() - interval '20 s', expire_time = now() + interval '40 s'`,
  );
  const { expireTime: soonest } = await ask();
  expect(soonest!.getTime()).toBeLessThanOrEqual(Date.now() + 40_000);
});

test.each([false, true])(
  '50 who ask over two replicas when a token ends cause one refresh and get one token (forced: %s)',
  async (forceNew) => {
    await age(broker, app);
    let headers: string[] = [];
    const requests = await requestsOf(async () => {
      const asked = Array.from({ length: 50 }, (_, i) => ask(forceNew, i % 2 ? broker.clients : replica.clients));
      headers = (await Promise.all(asked)).map(({ headerValue }) => headerValue);
    });
    expect(requests).toBe(1);
    expect(new Set(headers).size).toBe(1);
  },
);

test('a token that one replica got is handed out by the other', async () => {
  await age(broker, app);
  const { headerValue } = await ask();
  expect((await ask(false, replica.clients)).headerValue).toBe(headerValue);
});

test('a forced renewal makes a new token, but gives one that is some seconds old', async () => {
  const first = await getToken();
  expect(await getToken(true)).toBe(first);
  await age(broker, app);
  const second = await getToken(true);
  expect(second).not.toBe(first);
  expect(await requestsOf(() => getToken(true))).toBe(0);
});

test('an access token is handed out only after its refresh token is stored', async () => {
  await age(broker, app);
  const refreshes = provider.granted('refresh_token');
  let isHandedOut = false;
  const asked = await inTransaction(broker.pool, async (tx) => {
    await tx.query(`select from credentials for update`);
    const under = ask().then(() => (isHandedOut = true));
    await until('the refresh', async () => provider.granted('refresh_token') > refreshes);
    await until('its storing to wait', () => isLockAwaited(broker));
    expect(isHandedOut).toBe(false);
    return { under };
  });
  expect(await asked.under).toBe(true);
});

test('consent that was withdrawn is 17009 until somebody authorizes again, and is asked for once', async () => {
  provider.revokeConsent();
  await age(broker, app);
  const refused = {
    code: status.FAILED_PRECONDITION,
    reason: 'REFRESH_TOKEN_REFUSED',
    metadata: { code: '17009', finer_reason: 'TOKEN_REFRESH_REJECTED' },
  };
  expect(await failureOf(ask())).toMatchObject(refused);
  expect(await stateOf()).toBe(Credential_State.STATE_REAUTHORIZE);
  const requests = await requestsOf(async () => {
    for (const forceNew of [false, true]) expect(await failureOf(ask(forceNew))).toMatchObject(refused);
  });
  expect(requests).toBe(0);
  const { authorizationUrl } = await broker.clients.cli.beginAuthorization(
    { app, client: undefined, redirectUri: provider.redirectUri },
    soon,
  );
  const redirectedUrl = await provider.agree(authorizationUrl);
  await broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon);
  expect(await stateOf()).toBe(Credential_State.STATE_READY);
  await getToken();
  expect(await takeBrief()).toEqual([`${app} 17009 failed`, `${app} 17009 passed`]);
});

test('a client secret that was changed there is 17009, with the advice to store the new one', async () => {
  const { clientSecret } = provider.codeClient;
  provider.changeSecret(provider.codeClient, 'another');
  await age(broker, app);
  const failure = await failureOf(ask());
  provider.changeSecret(provider.codeClient, clientSecret);
  expect(failure).toMatchObject({
    reason: 'REFRESH_TOKEN_REFUSED',
    metadata: { code: '17009', finer_reason: 'CLIENT_SECRET_INVALID' },
  });
  expect(failure.message).toContain('Make a new client secret');
});

test.each([
  ['a server error', { effect: 'failBefore' }],
  ['too many requests', { effect: 'rateLimit' }],
  ['a page', { effect: 'html' }],
] as const)('%s of the token endpoint is 17013, to be tried again, and passes', async (_, fault) => {
  provider.run({ do: 'fault', path: '/token', ...fault });
  expect(await failureOf(askForNew())).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'TOKEN_ENDPOINT_UNAVAILABLE',
    metadata: { code: '17013' },
    retryAfterMs: 60_000,
  });
  expect(await stateOf()).toBe(Credential_State.STATE_READY);
  await askForNew();
  expect(await takeBrief()).toEqual([`${app} 17013 failed`, `${app} 17013 passed`]);
});

test('a token endpoint that is silent for 10 seconds is 17013', async () => {
  provider.run({ do: 'fault', path: '/token', effect: 'holdAfter', holdMs: 30_000 });
  const { metadata, message } = await failureOf(askForNew());
  expect(metadata).toMatchObject({ code: '17013' });
  expect(message).toContain('TIMEOUT');
});

test('a token endpoint that asks for time is left alone for it', async () => {
  provider.run({ do: 'fault', path: '/token', effect: 'rateLimit', retryAfterSeconds: 120 });
  expect(await failureOf(askForNew())).toMatchObject({ retryAfterMs: 120_000 });
  const requests = await requestsOf(async () => {
    const { retryAfterMs, metadata } = await failureOf(ask(true));
    expect(metadata).toMatchObject({ code: '17013' });
    expect(retryAfterMs).toBeLessThanOrEqual(120_000);
  });
  expect(requests).toBe(0);
});

test('a token that is good still is handed out while the endpoint fails', async () => {
  const token = await getToken();
  await age(broker, app);
  provider.run({ do: 'fault', path: '/token', effect: 'failBefore' });
  expect(await getToken()).toBe(token);
  expect(await broker.takeChecks()).toEqual([]);
});

test('client credentials give tokens, anew when they end', async () => {
  expect((await storeMachine()).credential).toMatchObject({
    kind: Credential_Kind.KIND_OAUTH_CLIENT_CREDENTIALS,
    clientId: provider.machineClient.clientId,
  });
  const first = await getToken();
  expect(provider.isAlive(first)).toBe(true);
  expect(await getToken()).toBe(first);
  await age(broker, app);
  expect(await getToken()).not.toBe(first);
});

test('client credentials that are refused are 17009 until others are stored', async () => {
  await storeMachine({ clientSecret: 'wrong' });
  for (let i = 0; i < 2; i++) {
    expect(await failureOf(ask())).toMatchObject({
      metadata: { code: '17009', finer_reason: 'CLIENT_SECRET_INVALID' },
    });
  }
  await storeMachine();
  await getToken();
});

test('client credentials at a private address, or without a secret, are refused by field', async () => {
  const authentication = OAuthClient_Authentication.AUTHENTICATION_NONE;
  expect(await failureOf(storeMachine({ tokenUrl: 'https://192.168.0.1/token', authentication }))).toMatchObject({
    fieldViolations: [{ field: 'client_credentials.token_url' }, { field: 'client_credentials.authentication' }],
  });
});

test('a token endpoint at an address that is not public is not connected to', async () => {
  await broker.restart({ SP_ALLOWED_HOSTS: 'sp.example.com' });
  const requests = await requestsOf(async () => {
    const { metadata, message } = await failureOf(askForNew());
    expect(metadata).toMatchObject({ code: '17013' });
    expect(message).toContain('SP_ALLOWED_HOSTS');
  });
  expect(requests).toBe(0);
  await broker.restart({});
});

test('a redirect of the token endpoint is not followed', async () => {
  // The authorization endpoint answers this POST by sending whoever asks back to the client, with an error.
  const client = { clientId: provider.publicClient.clientId, clientSecret: 'x' };
  await storeMachine({ ...client, tokenUrl: `${provider.issuer}/auth` });
  const requests = await requestsOf(async () => {
    expect(await failureOf(ask())).toMatchObject({ metadata: { code: '17013' } });
  });
  expect(requests).toBe(1);
});

test('a token that comes for a credential that was deleted meanwhile is revoked', async () => {
  await age(broker, app);
  provider.run({ do: 'fault', method: 'POST', path: '/token', effect: 'holdAfter', holdMs: 1_500 });
  const refreshes = provider.granted('refresh_token');
  const asked = failureOf(ask());
  await until('the refresh', async () => provider.granted('refresh_token') > refreshes);
  await broker.clients.cli.deleteCredential({ name }, soon);
  expect(await asked).toMatchObject({ code: status.UNAVAILABLE });
  await broker.restart({});
  await until('everything to be revoked', async () => {
    const { rows } = await broker.pool.query(`select from revocations`);
    return rows.length === 0;
  });
  expect(provider.log().some(({ path }) => path === '/token/revocation')).toBe(true);
});

test('a token that comes for a credential that was authorized again meanwhile is let be: it may be of the same grant', async () => {
  await age(broker, app);
  provider.run({ do: 'fault', method: 'POST', path: '/token', effect: 'holdAfter', holdMs: 1_500 });
  const refreshes = provider.granted('refresh_token');
  const before = provider.log().length;
  const asked = failureOf(ask());
  await until('the refresh', async () => provider.granted('refresh_token') > refreshes);
  await authorize(broker, provider, app);
  expect(await asked).toMatchObject({ code: status.UNAVAILABLE });
  await broker.restart({});
  expect(provider.isAlive(await getToken())).toBe(true);
  expect((await broker.pool.query(`select from revocations`)).rows).toEqual([]);
  expect(provider.log().slice(before)).not.toContainEqual(expect.objectContaining({ path: '/token/revocation' }));
});
