import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { entryOf } from '@autoprov/failure-catalogue';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { runAsAdmin } from '@autoprov/postgres/testing';
import { App, Customer, OAuthClient_Authentication, ProvisioningSetup } from '@autoprov/proto';
import type { Failure } from '@autoprov/proto';
import { plainCompany, startOAuthProvider, waitUntil } from '@autoprov/testing';
import type { Network, OAuthProvider } from '@autoprov/testing';
import { findDifferences } from './judge.ts';
import { listFailures } from './list-failures.ts';
import { app, customer, setup, startCompany } from './start-company.ts';
import { startTokenGate, type TokenGate } from './token-gate.ts';

const call = { timeoutMs: 40_000 };
const write = { validateOnly: false, requestId: '' };

let network: Network;
let oauth: OAuthProvider;
let gate: TokenGate;

beforeAll(async () => {
  network = await startCompany('credential-failures', {
    people: plainCompany({ users: 20, groups: 1, membersPerGroup: 20 }),
    serviceProvider: { kind: 'scimmy' },
    env: {
      'directory-reader': { CONFIG_SILENCE_MS: '1000' },
      // It asks config when it starts, and hardly ever again: so it works on for an app that is not there any more.
      'scim-pusher': { RETRY_FOR_MS: '500', PROBE_BASE_MS: '1000', SETUP_POLL_MS: '3600000' },
    },
  });
  const tls = { caFile: `${network.dir}/tls/ca.pem`, certFile: `${network.dir}/tls/localhost.pem` };
  oauth = await startOAuthProvider({ tls: { ...tls, keyFile: `${network.dir}/tls/localhost-key.pem` } });
  gate = await startTokenGate(network, oauth);
  await storeDelegation(network.directory.serviceAccountKey());
  await installWiki();
  await network.restart('scim-pusher');
  await network.settle({ read: false });
});

afterAll(async () => {
  await network?.stop();
  gate?.stop();
  await oauth?.stop();
});

async function storeDelegation(key: object): Promise<void> {
  const { config, tokenBroker } = network.clients;
  const acme = Customer.fromPartial({ displayName: 'Acme' });
  await config.createCustomer({ customerId: 'acme', customer: acme, ...write }, call).catch(() => {});
  const serviceAccountKeyJson = JSON.stringify(key);
  const { adminEmail } = network.people;
  const delegation = { customer, serviceAccountKeyJson, keyless: undefined, adminEmail, validateOnly: false };
  await tokenBroker.setDelegation(delegation, call);
}

/** The app, a person's consent, and an active setup. */
async function installWiki(): Promise<void> {
  const { config } = network.clients;
  const wiki = App.fromPartial({ displayName: 'Wiki', template: 'templates/scim-in-house' });
  await config.createApp({ parent: customer, appId: 'wiki', app: wiki, ...write }, call);
  await authorize();
  const scope = { groups: [network.people.accessGroup] };
  const wanted = ProvisioningSetup.fromPartial({ endpointUrl: gate.baseUrl, scope });
  const created = await config.createSetup({ parent: app, setup: wanted, ...write }, call);
  await config.activateSetup({ name: setup, etag: created.setup!.etag, ...write }, call);
}

/** A person agrees at the service provider; answers where the browser arrived. */
async function authorize(): Promise<string> {
  const { tokenBroker } = network.clients;
  const client = {
    authorizationUrl: oauth.authorizationUrl,
    tokenUrl: oauth.tokenUrl,
    revocationUrl: oauth.revocationUrl,
    issuer: oauth.issuer,
    ...oauth.codeClient,
    authentication: OAuthClient_Authentication.AUTHENTICATION_BASIC,
    scopes: ['scim', 'offline_access'],
    authorizationParameters: {},
  };
  const begin = { app, client, redirectUri: oauth.redirectUri };
  const { authorizationUrl } = await tokenBroker.beginAuthorization(begin, call);
  const redirectedUrl = await oauth.agree(authorizationUrl);
  await tokenBroker.completeAuthorization({ app, redirectedUrl }, call);
  return redirectedUrl;
}

test('people are provisioned with the tokens of an authorization server that we did not write', async () => {
  expect(await listFailures(network)).toEqual([]);
  expect(await findDifferences(network)).toEqual([]);
});

test('AUTHORIZATION_TOKEN_NOT_GENERATED: a code is good once, and the credential that there is goes on', async () => {
  const { tokenBroker } = network.clients;
  const redirectedUrl = await authorize();
  const name = `${app}/credential`;
  const before = await tokenBroker.getCredential({ name }, call);
  const again = tokenBroker.completeAuthorization({ app, redirectedUrl }, call);
  const refusal = await again.then(() => Promise.reject(new Error('was accepted')), rpcErrorOf);
  expect(refusal).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'AUTHORIZATION_TOKEN_NOT_GENERATED',
    localizedMessage: entryOf('AUTHORIZATION_TOKEN_NOT_GENERATED').message,
  });
  expect(await tokenBroker.getCredential({ name }, call)).toEqual(before);
});

const always = 1_000_000;
const since = { startTime: undefined, endTime: undefined };
/** Somebody changes, so that the pusher has a reason to ask for a token. */
async function changeSomebody(): Promise<void> {
  network.directory.run({
    do: 'rename',
    user: [...network.people.state.users.keys()][1]!,
    familyName: `Changed${Date.now()}`,
  });
  await network.clients.directory.requestRead({ customer }, call);
}

/** A token that is refused at this age is not renewed: many who were refused with one come at once. */
const ageTokens = () =>
  runAsAdmin(network.databaseUrl, `update token_broker.oauth_tokens set make_time = make_time - interval '1 minute'`);

/** What the token broker keeps sealed in a table is spoilt, as by a backup of other times. */
const damage = (table: string) => runAsAdmin(network.databaseUrl, `update token_broker.${table} set sealed = '\\x00'`);

/** People wait for a token, so that the pusher asks for one again, whatever it and the reader hear of the removal. */
async function removeWikiWhilePeopleWait(): Promise<void> {
  oauth.run({ do: 'fault', effect: 'failBefore', path: '/token', times: always });
  oauth.forgetAccessTokens();
  await changeSomebody();
  await waitUntil('people to wait', async () => (await listFailures(network)).length > 0, Date.now() + 40_000);
  await network.clients.config.deleteApp({ name: app, validateOnly: false }, call);
  oauth.run({ do: 'clearFaults' });
}

async function reinstallWiki(): Promise<void> {
  await installWiki();
  await network.restart('scim-pusher');
}

test.each<[what: string, failure: Partial<Failure>, breaks: () => unknown, mends: () => unknown]>([
  [
    'the person withdraws consent',
    { code: '17009', reason: 'TOKEN_REFRESH_REJECTED' },
    () => oauth.revokeConsent(),
    authorize,
  ],
  [
    "the client's secret is not taken any more",
    { code: '17009', reason: 'CLIENT_SECRET_INVALID' },
    () => {
      oauth.changeSecret(oauth.codeClient, 'another');
      oauth.forgetAccessTokens();
    },
    async () => {
      oauth.changeSecret(oauth.codeClient, oauth.codeClient.clientSecret);
      await authorize();
    },
  ],
  [
    'the token endpoint is down',
    { code: '17013' },
    () => {
      oauth.run({ do: 'fault', effect: 'failBefore', path: '/token', times: always });
      oauth.forgetAccessTokens();
    },
    () => oauth.run({ do: 'clearFaults' }),
  ],
  [
    'what is stored of the credential cannot be opened',
    { code: '25016' },
    async () => {
      await damage('oauth_tokens');
      oauth.forgetAccessTokens();
    },
    authorize,
  ],
  ['the app is removed while people are pushed', { code: '25002' }, removeWikiWhilePeopleWait, reinstallWiki],
])('%s: one failure, nobody loses access, and it is over when it is mended', async (_, failure, breaks, mends) => {
  await ageTokens();
  await breaks();
  // Refused where nothing is active any more.
  await changeSomebody().catch(() => {});
  const isOpen = async () => (await listFailures(network)).some(({ code }) => code === failure.code);
  await waitUntil('the failure', isOpen, Date.now() + 40_000);
  expect(await listFailures(network)).toMatchObject([{ app, user: '', source: 'token-broker', ...failure }]);
  await mends();
  // What was held goes on a moment after the credential is there again.
  const isOver = async (): Promise<boolean> => {
    await network.settle();
    return (await listFailures(network)).length === 0 && (await findDifferences(network)).length === 0;
  };
  await waitUntil('its end', isOver, Date.now() + 60_000);
  const counters = await network.clients.failures.getAppCounters({ app, ...since }, call);
  expect(counters).toMatchObject({ suspended: 0n, deleted: 0n });
});
