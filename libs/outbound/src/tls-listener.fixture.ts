import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates } from '@autoprov/testing';

/** An https server on loopback that counts what comes. */
export type TlsListener = { port: number; counts: { connections: number; requests: number }; stop(): Promise<void> };

/** An authority, and a certificate of it for localhost and 127.0.0.1, PEM. */
export async function makeCertificate(): Promise<{ ca: string; cert: string; key: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-outbound-'));
  try {
    const { caFile, localhost } = await createCertificates(dir, []);
    const read = (file: string) => readFileSync(file, 'utf8');
    return { ca: read(caFile), cert: read(localhost.certFile), key: read(localhost.keyFile) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Starts one; port 0: a free one. */
export async function startTlsListener(
  tls: ServerOptions,
  { address = '127.0.0.1', port = 0, answer }: { address?: string; port?: number; answer?: RequestListener } = {},
): Promise<TlsListener> {
  const counts = { connections: 0, requests: 0 };
  const server = createServer(tls, (request, response) => {
    counts.requests++;
    if (answer) answer(request, response);
    else response.end('{}');
  }).on('connection', () => counts.connections++);
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(port, address, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
