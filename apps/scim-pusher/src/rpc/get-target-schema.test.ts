import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { ScimProfile } from '@autoprov/proto';
import { startBetterAuth, startScimmy, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { callOf, makeTls, startAnswering, type GivenAnswer, type TestTls } from './answering-server.fixture.ts';
import { getTargetSchema } from './get-target-schema.ts';

const app = 'customers/acme/apps/crm';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const nobody: GivenAnswer = { status: 200, body: { totalResults: 0, Resources: [] } };
const html: GivenAnswer = {
  status: 200,
  body: '<!doctype html><title>x</title>',
  headers: { 'content-type': 'text/html' },
};

let tls: TestTls;
const started: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  tls = await makeTls();
});
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
});

async function start(sp: ServiceProvider): Promise<TestApp> {
  started.push(sp);
  const testApp = await startTestApp(sp, {}, tls.ca);
  started.push(testApp);
  return testApp;
}

async function ask({ ctx }: TestApp, endpointUrl: string, profile: Partial<ScimProfile> = {}) {
  const request = { app, endpointUrl, profile: { ...ScimProfile.fromPartial({}), ...profile } };
  return (await getTargetSchema(ctx, request, callOf())).schema!;
}

/** A service provider that answers each first part of a path as given, else 404. */
async function askAnswering(answers: Record<string, GivenAnswer>) {
  const given = (path: string) => Object.entries(answers).find(([start]) => path.startsWith(start));
  const sp = await startAnswering(tls, (path) => (given(path) ?? [path, { status: 404 }])[1]);
  return ask(await start(sp), sp.baseUrl);
}

test.each([
  ['better-auth', () => startBetterAuth({ tls })],
  ['scimmy', () => startScimmy({ uniqueness: true, tls })],
])('the attributes of %s are discovered, extension and all, and nothing is written', async (_, startSp) => {
  const sp = await startSp();
  const schema = await ask(await start(sp), sp.baseUrl);
  expect(schema).toMatchObject({ discovered: true, note: '' });
  expect(schema.attributes).toContainEqual(
    expect.objectContaining({ path: 'userName', type: 'string', required: true }),
  );
  for (const path of ['externalId', 'name.givenName', 'emails.value', 'active', `${enterprise}:department`]) {
    expect(schema.attributes).toContainEqual(expect.objectContaining({ path }));
  }
  expect(schema.attributes).toContainEqual(
    expect.objectContaining({ path: 'emails', type: 'complex', multiValued: true }),
  );
  expect(sp.counts().writes).toBe(0);
});

test.each([404, 405, 501, 403])(
  'for want of /Schemas (%i) those of RFC 7643 stand in, and a note says so',
  async (code) => {
    const schema = await askAnswering({ '/Schemas': { status: code }, '/Users': nobody });
    expect(schema).toMatchObject({ discovered: false, note: expect.stringContaining(`answers ${code}`) });
    expect(schema.attributes).toContainEqual(expect.objectContaining({ path: `${enterprise}:manager.value` }));
  },
);

test('a service provider that describes groups only gets those of RFC 7643, too', async () => {
  const group = { id: 'urn:ietf:params:scim:schemas:core:2.0:Group', attributes: [{ name: 'displayName' }] };
  const schema = await askAnswering({ '/Schemas': { status: 200, body: [group] }, '/Users': nobody });
  expect(schema).toMatchObject({ discovered: false, note: expect.stringContaining('describes no user') });
});

test.each<[string, Record<string, GivenAnswer>]>([
  ['/Schemas answers 503', { '/Schemas': { status: 503 }, '/Users': nobody }],
  ['/Schemas answers 429', { '/Schemas': { status: 429, headers: { 'retry-after': '7' } }, '/Users': nobody }],
  ['/Schemas is a page', { '/Schemas': html, '/Users': nobody }],
  ['/Schemas is cut off', { '/Schemas': { status: 200, body: '{"Resources":[{"id":' }, '/Users': nobody }],
  ['/Schemas is other JSON', { '/Schemas': { status: 200, body: { hello: 'world' } }, '/Users': nobody }],
  [
    '/ResourceTypes answers 500',
    { '/Schemas': { status: 200, body: [] }, '/ResourceTypes': { status: 500 }, '/Users': nobody },
  ],
  ['/Schemas never answers', { '/Schemas': undefined, '/Users': nobody }],
])('%s: FETCH_TARGET_ATTRIBUTES_FAILED, with the published words and a time to wait', async (name, answers) => {
  await expect(askAnswering(answers)).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'FETCH_TARGET_ATTRIBUTES_FAILED',
    details: {
      localizedMessage: "Couldn't fetch attributes from your target Service Provider",
      retryAfterMs: name.includes('429') ? 7e3 : 5e3,
    },
  });
});

test.each<[string, Record<string, GivenAnswer>]>([
  ['nothing is there', {}],
  ['everything is a page', { '/': html }],
  ['schemas without a user', { '/Schemas': { status: 200, body: { Resources: [] } } }],
])('%s: FETCH_TARGET_SCHEMA_FAILED, with the published words', async (_, answers) => {
  const plain =
    Object.keys(answers).length === 0 ? { '/': { status: 404, headers: { 'content-type': 'text/html' } } } : answers;
  const users = { '/Users': { status: 404, headers: { 'content-type': 'text/plain' } } };
  await expect(askAnswering({ ...plain, ...('/' in plain ? {} : users) })).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'FETCH_TARGET_SCHEMA_FAILED',
    details: { localizedMessage: "Couldn't fetch your target resource schema" },
  });
});

test('a refused credential is AUTHENTICATION_FAILED', async () => {
  await expect(askAnswering({ '/': { status: 401 } })).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'AUTHENTICATION_FAILED',
    details: {
      localizedMessage: 'Authentication failed',
      metadata: {
        code: '17010',
        finer_reason: 'AUTH_REVOKED',
      },
    },
  });
});

test('a real service provider that fails in between: 503 and a page at /Schemas, and then it is well again', async () => {
  const sp = await startBetterAuth({ tls });
  const testApp = await start(sp);
  const attributesFailed = { reason: 'FETCH_TARGET_ATTRIBUTES_FAILED' };
  sp.run({ do: 'fault', effect: 'failBefore', status: 503, path: '/Schemas' });
  await expect(ask(testApp, sp.baseUrl)).rejects.toMatchObject(attributesFailed);
  sp.run({ do: 'fault', effect: 'html', path: '/Schemas' });
  await expect(ask(testApp, sp.baseUrl)).rejects.toMatchObject(attributesFailed);
  expect(await ask(testApp, sp.baseUrl)).toMatchObject({ discovered: true });
});

test("the template's word holds on top: required, immutable and longest values, also of what is not described", async () => {
  const sp = await startBetterAuth({ tls });
  const { attributes } = await ask(await start(sp), sp.baseUrl, {
    requiredAttributes: ['name.givenName', 'emails[type eq "work"].value', 'urn:example:2.0:Seat:kind.code'],
    immutableAttributes: ['userName'],
    maxLengths: { userName: 21, 'emails[type eq "work"].value': 80, 'emails[type eq "home"].value': 60 },
  });
  const found = Object.fromEntries(attributes.map((attribute) => [attribute.path, attribute]));
  expect(found['name.givenName']).toMatchObject({ required: true, maxLength: 0 });
  expect(found['userName']).toMatchObject({ required: true, mutability: 'immutable', maxLength: 21 });
  expect(found['emails.value']).toMatchObject({ required: true, maxLength: 60 });
  const paths = attributes.map(({ path }) => path);
  expect(paths.slice(-2)).toEqual(['urn:example:2.0:Seat:kind', 'urn:example:2.0:Seat:kind.code']);
});
