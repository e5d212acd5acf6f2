import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { TlsFiles } from './tls.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate authority of one test. The local run has its own, in libs/testing, which builds on this library. */
export type TestAuthority = {
  /** A workload's certificate for localhost with these URI names, in files of a temporary folder. */
  issue(uris: string[]): Promise<TlsFiles>;
};

/** Makes an authority that nobody else knows. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test authority',
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    async issue(uris) {
      const leafKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const names = uris.map((value) => ({ type: 'url' as const, value }));
      const leaf = await x509.X509CertificateGenerator.create({
        subject: 'CN=test',
        issuer: ca.subject,
        signingKey: keys.privateKey,
        publicKey: leafKeys.publicKey,
        signingAlgorithm: algorithm,
        ...validity(),
        extensions: [new x509.SubjectAlternativeNameExtension([...names, { type: 'dns', value: 'localhost' }])],
      });
      const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey));
      const keyPem = `-----BEGIN PRIVATE KEY-----\n${key.toString('base64')}\n-----END PRIVATE KEY-----\n`;
      return writeFiles({ ca: ca.toString('pem'), cert: leaf.toString('pem'), key: keyPem });
    },
  };
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const nowMs = Date.now();
  const serialNumber = `01${randomBytes(8).toString('hex')}`;
  return { serialNumber, notBefore: new Date(nowMs - 60_000), notAfter: new Date(nowMs + 3_600_000) };
}

function writeFiles({ ca, cert, key }: { ca: string; cert: string; key: string }): TlsFiles {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-grpc-'));
  const files = { caFile: join(dir, 'ca.pem'), certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') };
  writeFileSync(files.caFile, ca);
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key, { mode: 0o600 });
  return files;
}
