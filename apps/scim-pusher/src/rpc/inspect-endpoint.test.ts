import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { AuthorizationForm_Method, ScimProfile_Update } from '@autoprov/proto';
import { startBetterAuth, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { leftAccount } from '../push/adopt.fixture.ts';
import { startTestApp } from '../push/test-app.fixture.ts';
import { callOf, makeTls, startAnswering, type TestTls } from './answering-server.fixture.ts';
import { inspectEndpoint } from './inspect-endpoint.ts';

let tls: TestTls;
const started: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  tls = await makeTls();
});
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
});

async function start<Sp extends ServiceProvider>(sp: Sp) {
  started.push(sp);
  const app = await startTestApp(sp, {}, tls.ca);
  started.push(app);
  return (endpointUrl: string, authorization = `Bearer ${sp.token}`) =>
    inspectEndpoint(app.ctx, { endpointUrl, authorization }, callOf({ timeoutMs: 60_000 }));
}

test('what scimmy can do is found out by reading, with a draft of its template', async () => {
  const accounts = ['1000', '1001', '1002'].map((id) => leftAccount(id));
  const sp = await startScimmy({ uniqueness: true, tls, seed: { accounts } });
  const inspectAt = await start(sp);
  const answer = await inspectAt(sp.baseUrl);
  expect(answer).toMatchObject({
    probe: { isScim: true, isAuthorized: true },
    schema: { discovered: true },
    filterableAttributes: ['externalId', 'userName', 'emails'],
    accountCount: 3n,
    maxPageSize: 0,
    pages: true,
    draft: {
      name: 'templates/127-0-0-1',
      version: 1,
      authorization: { methods: [AuthorizationForm_Method.METHOD_BEARER] },
      endpoint: { urlTemplate: sp.baseUrl },
      scim: { update: ScimProfile_Update.UPDATE_UNSPECIFIED, requiredAttributes: ['userName'] },
    },
  });
  expect(answer.resourceTypes).toContain('User');
  expect(answer.medianReadMs).toBeLessThan(5_000);
  expect(sp.counts().writes).toBe(0);
}, 60_000);

test('better-auth can be inspected, too, and nothing is written', async () => {
  const sp = await startBetterAuth({ tls });
  const inspectAt = await start(sp);
  expect(await inspectAt(sp.baseUrl)).toMatchObject({ probe: { isScim: true, isAuthorized: true } });
  expect(sp.counts().writes).toBe(0);
}, 60_000);

test('PUT where PATCH is not known, short pages and a filter that is ignored are seen', async () => {
  const users = Array.from({ length: 30 }, (_, i) => ({ id: `a${i}`, userName: `p${i}` }));
  const sp = await startAnswering(tls, (path) => {
    const query = new URL(path, 'https://x').searchParams;
    if (path === '/ServiceProviderConfig') {
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'];
      return { status: 200, body: { schemas, patch: { supported: false }, filter: { supported: true } } };
    }
    if (!path.startsWith('/Users')) return { status: 404 };
    const found = query.get('filter')?.startsWith('userName') ? [] : users;
    const from = Number(query.get('startIndex') ?? 1) - 1;
    const Resources = found.slice(from, from + Math.min(20, Number(query.get('count') ?? 20)));
    return { status: 200, body: { totalResults: found.length, Resources } };
  });
  const inspectAt = await start(sp);
  expect(await inspectAt(sp.baseUrl, 'Basic YTpi')).toMatchObject({
    filterableAttributes: ['userName'],
    accountCount: 30n,
    maxPageSize: 20,
    pages: true,
    schema: { discovered: false },
    draft: {
      authorization: { methods: [AuthorizationForm_Method.METHOD_BASIC] },
      scim: { update: ScimProfile_Update.UPDATE_PUT, filterableAttributes: ['userName'], maxPageSize: 20 },
      matching: { attributes: ['userName'] },
    },
  });
}, 60_000);

test('a wrong credential is told as such; one that is no header, and an address inside, are refused without a request', async () => {
  const sp = await startScimmy({ uniqueness: true, tls });
  const inspectAt = await start(sp);
  const refused = await inspectAt(sp.baseUrl, 'Bearer wrong');
  expect(refused).toMatchObject({ probe: { isScim: true, isAuthorized: false, code: '17010' }, draft: undefined });
  const before = sp.counts().reads;
  const secret = 'Bearer s3cret\r\nX-Other: 1';
  const noHeader = await inspectAt(sp.baseUrl, secret).catch(rpcErrorOf);
  expect(noHeader).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field: 'authorization' }] });
  expect(JSON.stringify(noHeader)).not.toContain('s3cret');
  const inside = await inspectAt('https://10.0.0.1/scim').catch(rpcErrorOf);
  expect(inside).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'ENDPOINT_INVALID' });
  expect(sp.counts().reads).toBe(before);
}, 60_000);
