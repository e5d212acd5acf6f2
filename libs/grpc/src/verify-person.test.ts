import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { rpcErrorOf, type RpcFailure } from './rpc-error-of.ts';
import { createTestAuthority } from './test-certificates.ts';
import { noteClient, serveNotes, soon } from './test-service.ts';
import { createPersonVerifier } from './verify-person.ts';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

const audience = 'autoprov';
let provider: { issuer: string; ca: string; server: Server; keys: (Keys & { kid: string })[]; isDown: boolean };
let verify: ReturnType<typeof createPersonVerifier>;

async function newKey(kid: string, alg = 'ES256') {
  return { ...(await generateKeyPair(alg, { extractable: true })), kid };
}

beforeAll(async () => {
  const tls = await (await createTestAuthority()).issue([]);
  const server = createServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  provider = { issuer, ca: readFileSync(tls.caFile, 'utf8'), server, keys: [await newKey('k1')], isDown: false };
  server.on('request', ({ url }, response) => void answer(url, response));
  const answer = async (url: string | undefined, response: ServerResponse) => {
    if (provider.isDown) return response.writeHead(503).end();
    if (url === '/.well-known/openid-configuration') {
      return response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    }
    const jwks = provider.keys.map(async ({ publicKey, kid }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      use: 'sig',
    }));
    return response.end(JSON.stringify({ keys: await Promise.all(jwks) }));
  };
});

afterAll(() => new Promise((resolve) => provider.server.close(resolve)));

beforeEach(async () => {
  Object.assign(provider, { keys: [await newKey('k1')], isDown: false });
  verify = createPersonVerifier({ issuer: provider.issuer, audience, ca: provider.ca });
});

/** A token that is as it must be, but for what a test changes. */
function sign(
  claims: JWTPayload = {},
  { key = provider.keys[0]!, alg = 'ES256', expires = '5m' } = {},
): Promise<string> {
  return new SignJWT({ email: 'ann@acme.example', email_verified: true, ...claims })
    .setProtectedHeader({ alg, kid: key.kid })
    .setIssuer((claims.iss as string) ?? provider.issuer)
    .setAudience((claims.aud as string) ?? audience)
    .setSubject('1')
    .setExpirationTime(expires)
    .sign(key.privateKey);
}

async function refusalOf(authorization: string[]): Promise<RpcFailure> {
  return verify(authorization).then(() => Promise.reject(new Error('was accepted')), rpcErrorOf);
}

test('a person is who the provider vouches for, in lower case', async () => {
  expect(await verify([`Bearer ${await sign({ email: 'Ann@ACME.example' })}`])).toBe('ann@acme.example');
});

test.each<[string, JWTPayload]>([
  ['another issuer', { iss: 'https://idp.example.com' }],
  ['another audience', { aud: 'other' }],
  ['no address', { email: undefined }],
  ['an empty address', { email: '' }],
  ['an address that lower-casing makes another’s', { email: 'an\u212Aa@acme.example' }],
  ['an address nobody verified', { email_verified: false }],
  ['a verification that is a text', { email_verified: 'true' }],
  ['a verification that is missing', { email_verified: undefined }],
  ['a time that has not come', { nbf: Math.floor(Date.now() / 1_000) + 3_600 }],
])('%s is refused, and the refusal names no address', async (_, claims) => {
  const refusal = await refusalOf([`Bearer ${await sign(claims)}`]);
  expect(refusal).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'IDENTITY_INVALID' });
  expect(JSON.stringify(refusal)).not.toContain('acme.example');
});

test('a token that has ended is refused, and the person told to sign in again', async () => {
  const refusal = await refusalOf([`Bearer ${await sign({}, { expires: '-1m' })}`]);
  expect(refusal).toMatchObject({ reason: 'IDENTITY_INVALID', message: expect.stringContaining('sign in again') });
});

test('a key that is not the provider’s is refused', async () => {
  const forged = await sign({}, { key: await newKey('k1') });
  expect(await refusalOf([`Bearer ${forged}`])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('the public key taken for a secret is refused', async () => {
  const secret = new TextEncoder().encode(await exportSPKI(provider.keys[0]!.publicKey));
  const forged = await sign({}, { alg: 'HS256', key: { ...provider.keys[0]!, privateKey: secret as never } });
  expect(await refusalOf([`Bearer ${forged}`])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('a token without a signature is refused', async () => {
  const [, payload] = (await sign()).split('.');
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(await refusalOf([`Bearer ${header}.${payload}.`])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('a token without an end is refused', async () => {
  const key = provider.keys[0]!;
  const token = await new SignJWT({ email: 'a@x.example', email_verified: true })
    .setProtectedHeader({ alg: 'ES256', kid: key.kid })
    .setIssuer(provider.issuer)
    .setAudience(audience)
    .setSubject('1')
    .sign(key.privateKey);
  expect(await refusalOf([`Bearer ${token}`])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test.each([
  ['nothing', ['']],
  ['no scheme', ['x']],
  ['another scheme', ['Basic YTpi']],
  ['no token', ['Bearer ']],
  ['what is no token', ['Bearer x.y.z']],
])('%s is refused', async (_, authorization) => {
  expect(await refusalOf(authorization)).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('two tokens are refused, even if both are good', async () => {
  const token = `Bearer ${await sign()}`;
  expect(await refusalOf([token, token])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('new keys of the provider are taken up by themselves, and old ones are out', async () => {
  const old = await sign();
  await verify([`Bearer ${old}`]);
  provider.keys = [await newKey('k2')];
  const fresh = `Bearer ${await sign()}`;
  const deadlineMs = Date.now() + 10_000;
  while ((await verify([fresh]).catch(() => '')) === '') expect(Date.now()).toBeLessThan(deadlineMs);
  expect(await refusalOf([`Bearer ${old}`])).toMatchObject({ reason: 'IDENTITY_INVALID' });
});

test('a provider that does not answer refuses nobody for good', async () => {
  provider.isDown = true;
  const token = `Bearer ${await sign()}`;
  expect(await refusalOf([token])).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    retryAfterMs: 1_000,
  });
  provider.isDown = false;
  expect(await verify([token])).toBe('ann@acme.example');
});

test('a provider with a certificate of another authority is not believed', async () => {
  verify = createPersonVerifier({ issuer: provider.issuer, audience });
  expect(await refusalOf([`Bearer ${await sign()}`])).toMatchObject({ code: status.UNAVAILABLE });
});

test('a service that was told no provider refuses whoever calls for a person', async () => {
  const server = await serveNotes({ getNote: async () => ({ text: '' }) });
  const client = noteClient({ address: server.address, callerName: 'config' });
  const call = client.getNote({ text: '' }, { ...soon, metadata: { authorization: `Bearer ${await sign()}` } });
  expect(await call.then(() => undefined, rpcErrorOf)).toMatchObject({
    code: status.UNAUTHENTICATED,
    reason: 'IDENTITY_INVALID',
    message: expect.stringContaining('set OIDC_ISSUER and OIDC_AUDIENCE'),
  });
  client.close();
  await server.stop();
});
