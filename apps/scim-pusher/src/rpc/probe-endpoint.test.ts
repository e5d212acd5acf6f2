import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { status, RpcError } from '@autoprov/grpc';
import { startBetterAuth, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { callOf, makeTls, startAnswering, type GivenAnswer, type TestTls } from './answering-server.fixture.ts';
import { probeEndpoint } from './probe-endpoint.ts';

const app = 'customers/acme/apps/crm';
const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error';
const scimError = (httpStatus: number, detail: string): GivenAnswer => ({
  status: httpStatus,
  body: { schemas: [errorUrn], status: String(httpStatus), detail },
});
const json = { 'content-type': 'application/json' };
const html: GivenAnswer = {
  status: 200,
  body: '<!doctype html><title>Sign in</title>',
  headers: { 'content-type': 'text/html' },
};
const nobody = { totalResults: 0, Resources: [] };

let tls: TestTls;
const started: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  tls = await makeTls();
});
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
});

async function start<Sp extends ServiceProvider>(sp: Sp): Promise<TestApp> {
  started.push(sp);
  const testApp = await startTestApp(sp, {}, tls.ca);
  started.push(testApp);
  return testApp;
}

const probe = ({ ctx }: TestApp, endpointUrl: string, call = callOf()) =>
  probeEndpoint(ctx, { app, endpointUrl }, call);

/** A service provider of which only /Users is known, beside no discovery. */
async function probeUsers(users: GivenAnswer) {
  const sp = await startAnswering(tls, (path) => (path.startsWith('/Users') ? users : { status: 404 }));
  return probe(await start(sp), sp.baseUrl);
}

test.each([
  ['better-auth', () => startBetterAuth({ tls })],
  ['scimmy', () => startScimmy({ uniqueness: true, tls })],
])('%s is SCIM and takes the credential; nothing is written there or here', async (_, startSp) => {
  const sp = await startSp();
  const testApp = await start(sp);
  expect(await probe(testApp, sp.baseUrl)).toMatchObject({
    isScim: true,
    isAuthorized: true,
    code: '',
    reason: '',
    retryable: false,
    serviceProviderConfig: { patch: { supported: true } },
  });
  expect(sp.counts().writes).toBe(0);
  expect(await testApp.facts()).toEqual([]);
  expect((await testApp.pool.query('select from apps')).rowCount).toBe(0);
});

test.each([
  ['better-auth', () => startBetterAuth({ tls })],
  ['scimmy', () => startScimmy({ uniqueness: true, tls })],
])('%s refuses a wrong credential: 17010, after one renewal', async (_, startSp) => {
  const sp = await startSp();
  const testApp = await start(sp);
  sp.token = 'wrong';
  expect(await probe(testApp, sp.baseUrl)).toMatchObject({
    isScim: true,
    isAuthorized: false,
    code: '17010',
    reason: 'AUTH_REVOKED',
    retryable: false,
  });
  const asked = sp.log().filter(({ path }) => path.includes('/Users'));
  expect(asked.map((entry) => entry.status)).toEqual([401, 401]);
});

test('without a stored credential it is still found out whether SCIM answers', async () => {
  const sp = await startBetterAuth({ tls });
  const testApp = await start(sp);
  const metadata = { code: '17010', finer_reason: 'NO_CREDENTIAL' };
  testApp.failAuthorization(new RpcError(status.FAILED_PRECONDITION, 'CREDENTIAL_MISSING', 'store one', { metadata }));
  expect(await probe(testApp, sp.baseUrl)).toMatchObject({
    isScim: true,
    isAuthorized: false,
    code: '17010',
    reason: 'NO_CREDENTIAL',
    retryable: false,
  });
});

test('a token broker that does not answer is no finding', async () => {
  const sp = await startAnswering(tls, () => scimError(401, 'no token'));
  const testApp = await start(sp);
  testApp.failAuthorization(new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'not now'));
  expect(await probe(testApp, sp.baseUrl)).toMatchObject({ isAuthorized: false, code: '17002', retryable: true });
});

test.each<[string, GivenAnswer, object]>([
  ['an empty list', { status: 200, body: nobody }, { isScim: true, isAuthorized: true, code: '' }],
  ['no such path', { status: 404 }, { isScim: false, code: '45005', reason: 'WRONG_ENDPOINT', retryable: false }],
  ['a page', html, { isScim: false, code: '45005', reason: 'WRONG_ENDPOINT', detail: 'Sign in' }],
  ['other JSON', { status: 200, body: { users: [] }, headers: json }, { isScim: false, code: '45005' }],
  ['a list of others', { status: 200, body: [{ login: 'ada' }], headers: json }, { isScim: false, code: '45005' }],
  ['a redirect', { status: 302, headers: { location: 'https://x.example/' } }, { isScim: false, code: '45005' }],
  [
    'SCIM switched off',
    scimError(403, 'SCIM is disabled for this team'),
    { isScim: true, code: '45003', reason: 'SCIM_DISABLED' },
  ],
  [
    'a small plan',
    scimError(403, 'SCIM requires the Enterprise plan'),
    { isScim: true, code: '45003', reason: 'PLAN_REQUIRED' },
  ],
  ['a limit as 403', scimError(403, 'Rate limit exceeded'), { code: '45004', reason: 'RATE_LIMITED', retryable: true }],
  [
    'too few rights',
    scimError(403, 'Insufficient scope'),
    { isScim: true, code: '17010', reason: 'AUTH_INSUFFICIENT_SCOPE' },
  ],
  ['a limit', { status: 429 }, { isAuthorized: false, code: '45004', reason: 'RATE_LIMITED', retryable: true }],
  ['an outage', { status: 503, headers: json }, { isScim: false, isAuthorized: false, code: '45004', retryable: true }],
  [
    'a refusal that is no SCIM',
    { status: 401, body: 'no', headers: { 'content-type': 'text/plain' } },
    { isScim: false, code: '17010' },
  ],
])('%s at /Users says what it means', async (_, users, expected) => {
  expect(await probeUsers(users)).toMatchObject(expected);
});

test('who may not list is looked up instead', async () => {
  const sp = await startAnswering(tls, (path) => {
    if (path.startsWith('/Users?filter=')) return { status: 200, body: nobody };
    return path.startsWith('/Users') ? scimError(400, 'a filter is required') : { status: 404 };
  });
  expect(await probe(await start(sp), sp.baseUrl)).toMatchObject({ isScim: true, isAuthorized: true, code: '' });
});

test('ServiceProviderConfigs, the name that Salesforce and Slack have for it, is asked for with the credential', async () => {
  const sp = await startAnswering(tls, (path, { headers }) => {
    if (headers.authorization !== 'Bearer token') return scimError(401, 'no token');
    if (path === '/ServiceProviderConfigs') return { status: 200, body: { patch: { supported: true } } };
    return path.startsWith('/Users') ? { status: 200, body: nobody } : { status: 404 };
  });
  const found = await probe(await start(sp), sp.baseUrl);
  expect(found).toMatchObject({
    isScim: true,
    isAuthorized: true,
    serviceProviderConfig: { patch: { supported: true } },
  });
});

test('a name that leads inside, a closed port and a foreign certificate are told apart', async () => {
  const sp = await startAnswering(tls, () => ({ status: 200, body: nobody }));
  const testApp = await start(sp);
  const closed = await startAnswering(tls, () => ({ status: 200 }));
  await closed.stop();
  expect(await probe(testApp, closed.baseUrl)).toMatchObject({
    code: '45005',
    reason: 'NETWORK_UNREACHABLE',
    retryable: true,
  });
  const foreign = await startAnswering(await makeTls(), () => ({ status: 200, body: nobody }));
  started.push(foreign);
  expect(await probe(testApp, foreign.baseUrl)).toMatchObject({
    code: '45005',
    reason: 'TLS_FAILURE',
    retryable: false,
  });
  expect(foreign.asked).toEqual([]);
  // Allowed when the URL is typed, and not by the agent: as a name is that resolves inside.
  testApp.ctx.spAllowedHosts = ['127.0.0.2'];
  expect(await probe(testApp, 'https://127.0.0.2/scim')).toMatchObject({
    isScim: false,
    isAuthorized: false,
    code: '45005',
    reason: 'WRONG_ENDPOINT',
    retryable: false,
    detail: expect.stringContaining('SP_ALLOWED_HOSTS'),
  });
});

test.each([
  ['http://api.example.com/scim', /not https/],
  ['https://10.0.0.1/scim', /address/],
  ['https://metadata.google.internal/scim', /not public/],
])('%s is refused before anything is asked', async (url, advice) => {
  const sp = await startAnswering(tls, () => ({ status: 200, body: nobody }));
  await expect(probe(await start(sp), url)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'ENDPOINT_INVALID',
    message: expect.stringMatching(advice),
    details: {
      localizedMessage: 'SCIM Endpoint URL provided is invalid',
      fieldViolations: [{ field: 'endpoint_url' }],
    },
  });
  expect(sp.asked).toEqual([]);
});

test('a service provider that never answers ends the probe before its caller gives up', async () => {
  const sp = await startAnswering(tls, () => undefined);
  const testApp = await start(sp);
  const startMs = Date.now();
  expect(await probe(testApp, sp.baseUrl, callOf({ timeoutMs: 1_500 }))).toMatchObject({
    isScim: false,
    isAuthorized: false,
    code: '45004',
    reason: 'SP_TIMEOUT',
    retryable: true,
  });
  expect(Date.now() - startMs).toBeLessThan(1_500);
});

const groupType = { Resources: [{ name: 'User' }, { name: 'Group' }], totalResults: 2 };
const userType = { Resources: [{ name: 'User' }], totalResults: 1 };

test.each<[string, Record<string, GivenAnswer>, boolean | undefined]>([
  ['lists groups', { '/Groups': { status: 200, body: nobody } }, true],
  ['lists none, and has the type', { '/ResourceTypes': { status: 200, body: groupType } }, true],
  ['has no such type', { '/ResourceTypes': { status: 200, body: userType } }, false],
  ['has neither list nor types', {}, false],
  ['refuses for now', { '/Groups': { status: 403 }, '/ResourceTypes': { status: 403 } }, undefined],
])('a service provider that %s is known by that', async (_, answers, hasGroups) => {
  const all: Record<string, GivenAnswer> = { '/Users': { status: 200, body: nobody }, ...answers };
  const sp = await startAnswering(tls, (path) => all[path.split('?')[0]!] ?? { status: 404 });
  const testApp = await start(sp);
  const asked = { app, endpointUrl: sp.baseUrl, asksGroups: true };
  expect(await probeEndpoint(testApp.ctx, asked, callOf())).toMatchObject({ isAuthorized: true, hasGroups });
});
