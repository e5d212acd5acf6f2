import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GoogleAuth } from 'google-auth-library';
import { makeServiceAccountKey } from './directory.ts';
import { startSigner } from './signer.ts';
import type { ExampleSigner } from './signer.ts';

const key = makeServiceAccountKey();
const dir = mkdtempSync(join(tmpdir(), 'autoprov-signer-'));

let signer: ExampleSigner;
beforeAll(async () => {
  signer = await startSigner([key], dir);
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = signer.credentialsFile;
});
afterAll(async () => {
  await signer.stop();
  rmSync(dir, { recursive: true });
});

const sign = (payload: object, { email = key.client_email, headers = {} } = {}) =>
  new GoogleAuth({ projectId: '-', scopes: 'https://www.googleapis.com/auth/cloud-platform' }).request<{
    signedJwt: string;
  }>({
    url: `${signer.url}/v1/projects/-/serviceAccounts/${email}:signJwt`,
    method: 'POST',
    data: { payload: JSON.stringify(payload) },
    headers,
    validateStatus: () => true,
  });

test("Google's own library gets an assertion signed with a key that stays where it is", async () => {
  const { data } = await sign({ iss: 'a' });
  const [header, payload, signature] = data.signedJwt.split('.') as [string, string, string];
  const content = Buffer.from(`${header}.${payload}`);
  const publicKey = createPublicKey(key.private_key);
  expect(verify('RSA-SHA256', content, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({ iss: 'a' });
});

test('who is not let in, an unknown account and an assertion for days are refused', async () => {
  expect((await sign({}, { email: 'other@x.iam.gserviceaccount.com' })).status).toBe(403);
  expect((await sign({ exp: Date.now() / 1000 + 86_400 })).status).toBe(400);
  signer.setAllowed(false);
  expect((await sign({})).status).toBe(403);
  signer.setAllowed(true);
  const stranger = await fetch(`${signer.url}/v1/projects/-/serviceAccounts/${key.client_email}:signJwt`, {
    method: 'POST',
    body: '{"payload":"{}"}',
  });
  expect(stranger.status).toBe(401);
});
