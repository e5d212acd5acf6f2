import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { TlsFiles } from '@autoprov/grpc';
import { createCertificates } from './certificates.ts';

const DAY_MS = 86_400_000;
let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'autoprov-certificates-'))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

const read = ({ caFile, certFile, keyFile }: TlsFiles) => ({
  ca: readFileSync(caFile),
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

const serialOf = (file: string): string => new X509Certificate(readFileSync(file)).serialNumber;

/** Shakes hands as `client` with `server` and says what the server then knows of the client. */
async function shakeHands(client: TlsFiles, server: TlsFiles, host: string): Promise<string | undefined> {
  const listener = createServer({ ...read(server), requestCert: true, rejectUnauthorized: true }).listen(0, host);
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ ...read(client), host, port });
  try {
    return await new Promise((resolve, reject) => {
      // With TLS 1.3 the client is done before the server has looked at its certificate.
      listener.on('secureConnection', (accepted) => resolve(accepted.getPeerCertificate().subjectaltname));
      listener.on('tlsClientError', (err, refused) => reject(refused.authorizationError ?? err));
      socket.on('error', reject);
    });
  } finally {
    socket.destroy();
    listener.close();
  }
}

test('services know each other by SPIFFE id, by name and by address', async () => {
  const { services } = await createCertificates(dir, ['config', 'token-broker']);
  for (const host of ['localhost', '127.0.0.1']) {
    expect(await shakeHands(services['config']!, services['token-broker']!, host)).toBe(
      'URI:spiffe://autoprov/config, DNS:localhost, IP Address:127.0.0.1',
    );
  }
});

test('the certificate of the local service providers serves, and is nobody as a client', async () => {
  const { services, localhost } = await createCertificates(dir, ['scim-pusher']);
  await shakeHands(services['scim-pusher']!, localhost, 'localhost');
  await expect(shakeHands(localhost, services['scim-pusher']!, 'localhost')).rejects.toBe('INVALID_PURPOSE');
});

test('only the owner can read keys', async () => {
  const { services, localhost } = await createCertificates(dir, ['config']);
  for (const file of [services['config']!.keyFile, localhost.keyFile, join(dir, 'ca-key.pem')]) {
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  }
});

test('what is there is kept, and a service that comes later gets a certificate of the same authority', async () => {
  const first = await createCertificates(dir, ['config']);
  const serials = [first.caFile, first.services['config']!.certFile, first.localhost.certFile].map(serialOf);
  const second = await createCertificates(dir, ['config', 'cli']);
  expect([second.caFile, second.services['config']!.certFile, second.localhost.certFile].map(serialOf)).toEqual(
    serials,
  );
  await shakeHands(second.services['cli']!, second.services['config']!, 'localhost');
});

test('a certificate is made anew in the last 30 days of its year, by the same authority', async () => {
  const first = await createCertificates(dir, ['config']);
  const { certFile } = first.services['config']!;
  const [ca, config] = [serialOf(first.caFile), serialOf(certFile)];
  const startMs = Date.now();
  const now = jest.spyOn(Date, 'now').mockReturnValue(startMs + 334 * DAY_MS);
  await createCertificates(dir, ['config']);
  expect(serialOf(certFile)).toBe(config);
  now.mockReturnValue(startMs + 336 * DAY_MS);
  await createCertificates(dir, ['config']);
  expect(serialOf(certFile)).not.toBe(config);
  expect(serialOf(first.caFile)).toBe(ca);
});

test.each<[string, (files: TlsFiles) => void]>([
  ['a lost key', ({ keyFile }) => rmSync(keyFile)],
  ['a key cut short', ({ keyFile }) => truncateSync(keyFile, 20)],
  ['the key of another', ({ keyFile }) => copyFileSync(join(dir, 'cli-key.pem'), keyFile)],
  ['a certificate that is none', ({ certFile }) => writeFileSync(certFile, 'x')],
  ['a lost authority', () => rmSync(join(dir, 'ca-key.pem'))],
])('%s is made good', async (_, breakIt) => {
  const { services } = await createCertificates(dir, ['config', 'cli']);
  breakIt(services['config']!);
  const again = await createCertificates(dir, ['config', 'cli']);
  await shakeHands(again.services['config']!, again.services['cli']!, 'localhost');
});
