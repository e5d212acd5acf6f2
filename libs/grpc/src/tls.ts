import { readFileSync } from 'node:fs';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';

/** PEM files: the authority that both sides trust, and this workload's own certificate and key. */
export type TlsFiles = { caFile: string; certFile: string; keyFile: string };

/** Credentials of a server that shakes hands only with clients of the same authority; plaintext without `tls`. */
export function serverCredentials(address: string, tls: TlsFiles | undefined): ServerCredentials {
  if (!tls) {
    requireLoopback(address);
    return ServerCredentials.createInsecure();
  }
  const { ca, cert, key } = readTlsFiles(tls);
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], true);
}

/** Credentials of a client that shows its certificate and checks the server's; plaintext without `tls`. */
export function clientCredentials(address: string, tls: TlsFiles | undefined): ChannelCredentials {
  if (!tls) {
    requireLoopback(address);
    return ChannelCredentials.createInsecure();
  }
  const { ca, cert, key } = readTlsFiles(tls);
  return ChannelCredentials.createSsl(ca, key, cert);
}

function readTlsFiles({ caFile, certFile, keyFile }: TlsFiles): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

function requireLoopback(address: string): void {
  if (isLoopback(address)) return;
  throw new Error(
    `refusing to use ${address} without TLS: set TLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE, or use a loopback address`,
  );
}

/** True when host:port is on this machine only. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(address);
}
