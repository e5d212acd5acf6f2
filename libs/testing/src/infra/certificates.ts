import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import type { webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { TlsFiles } from '@autoprov/grpc';

/** Where the certificates of an installation on one machine are. */
export type Certificates = {
  /** What clients trust. */
  caFile: string;
  /** Client and server certificate of each service, with its SPIFFE id, by service name. */
  services: Record<string, TlsFiles>;
  /** Server certificate of the local service providers. */
  localhost: TlsFiles;
};

/** A certificate with its key. */
type Identity = { certificate: X509Certificate; keyPem: string };

/** The same, as it goes into files. */
type IdentityPem = { certPem: string; keyPem: string };

const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
const LEAF_DAYS = 365;
const RENEW_DAYS = 30;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Makes a certificate authority in `dir`, a certificate `spiffe://autoprov/<name>` for each of `names`, and one for the
 * local service providers; all hold for localhost and 127.0.0.1. What is there already is kept until 30 days before it ends.
 */
export async function createCertificates(dir: string, names: readonly string[]): Promise<Certificates> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const authority = await keepOrMake(dir, 'ca', (certificate) => certificate.ca, makeAuthority);
  const caFile = join(dir, 'ca.pem');
  const leaf = async (name: string, uris: string[], usages: string[]): Promise<TlsFiles> => {
    const isOurs = (certificate: X509Certificate): boolean =>
      certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey);
    await keepOrMake(dir, name, isOurs, () => makeLeaf(authority, { name, uris, usages }));
    return { caFile, certFile: join(dir, `${name}.pem`), keyFile: join(dir, `${name}-key.pem`) };
  };
  const services: Record<string, TlsFiles> = {};
  for (const name of names)
    services[name] = await leaf(name, [`spiffe://autoprov/${name}`], [SERVER_AUTH, CLIENT_AUTH]);
  return { caFile, services, localhost: await leaf('localhost', [], [SERVER_AUTH]) };
}

/** The pair in `<name>.pem` and `<name>-key.pem`, made anew where it is missing, broken, ending or not `isWanted`. */
async function keepOrMake(
  dir: string,
  name: string,
  isWanted: (certificate: X509Certificate) => boolean,
  make: () => Promise<IdentityPem>,
): Promise<Identity> {
  const certFile = join(dir, `${name}.pem`);
  const keyFile = join(dir, `${name}-key.pem`);
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    const keyPem = readFileSync(keyFile, 'utf8');
    const isLasting = certificate.validToDate.getTime() > Date.now() + RENEW_DAYS * DAY_MS;
    if (isLasting && isWanted(certificate) && certificate.checkPrivateKey(createPrivateKey(keyPem)))
      return { certificate, keyPem };
  } catch {
    // Missing or unreadable: both are made anew.
  }
  const { certPem, keyPem } = await make();
  replaceFile(keyFile, keyPem, 0o600);
  replaceFile(certFile, certPem, 0o644);
  return { certificate: new X509Certificate(certPem), keyPem };
}

async function makeAuthority(): Promise<IdentityPem> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Autoprov local authority',
    keys,
    signingAlgorithm: algorithm,
    ...lasting(CA_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: toPem(keys.privateKey) };
}

async function makeLeaf(
  authority: Identity,
  { name, uris, usages }: { name: string; uris: string[]; usages: string[] },
): Promise<IdentityPem> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(authority.certificate.raw);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: createPrivateKey(authority.keyPem).toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    ...lasting(LEAF_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension([
        ...uris.map((value) => ({ type: 'url' as const, value })),
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: toPem(keys.privateKey) };
}

function toPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string;
}

function lasting(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const nowMs = Date.now();
  // The leading byte keeps the number positive. An hour back, for clocks that differ.
  const serialNumber = `01${randomBytes(15).toString('hex')}`;
  return { serialNumber, notBefore: new Date(nowMs - 3_600_000), notAfter: new Date(nowMs + days * DAY_MS) };
}

// Renamed into place: a process that dies while it writes, or one that reads meanwhile, never sees half a file.
function replaceFile(file: string, content: string, mode: number): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, file);
}
