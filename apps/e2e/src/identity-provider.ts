import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createCertificates } from '@autoprov/testing';

/** An OpenID provider as far as services see it: what it says of itself, its keys, and the tokens that it signs. */
export type IdentityProvider = {
  /** The variables by which a service knows it. */
  env: { OIDC_ISSUER: string; OIDC_AUDIENCE: string; OIDC_CA_FILE: string };
  /** The metadata of a call that a person makes; `expires` as in `5m`, or `-1m` for one that has ended. */
  authorize(email: string, expires?: string): Promise<{ authorization: string }>;
  stop(): Promise<void>;
};

const audience = 'autoprov';

/** Starts one on a free port of this machine, with an authority of its own. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-idp-'));
  const { caFile, localhost } = await createCertificates(dir, []);
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' }] });
  const server = createServer({ cert: readFileSync(localhost.certFile), key: readFileSync(localhost.keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  server.on('request', ({ url }, response) => {
    if (url === '/keys') response.end(keys);
    else if (url === '/.well-known/openid-configuration')
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    else response.writeHead(404).end();
  });
  return {
    env: { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_CA_FILE: caFile },
    async authorize(email, expires = '10m') {
      const token = await new SignJWT({ email, email_verified: true })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(email)
        .setExpirationTime(expires)
        .sign(privateKey);
      return { authorization: `Bearer ${token}` };
    },
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true });
    },
  };
}
