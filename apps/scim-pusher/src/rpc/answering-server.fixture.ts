import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext } from '@autoprov/grpc';
import { createCertificates, type ServiceProvider } from '@autoprov/testing';

/** An authority, and what an https server of it needs, PEM. */
export type TestTls = { ca: string; cert: string; key: string };

/** Makes an authority with a certificate for localhost and 127.0.0.1. */
export async function makeTls(): Promise<TestTls> {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-pusher-'));
  try {
    const { caFile, localhost } = await createCertificates(dir, []);
    const read = (file: string) => readFileSync(file, 'utf8');
    return { ca: read(caFile), cert: read(localhost.certFile), key: read(localhost.keyFile) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a server answers; undefined: never. */
export type GivenAnswer = { status: number; body?: unknown; headers?: Record<string, string> } | undefined;

/** A service provider that says what a test wants, whoever asks; `asked` holds each method and path. */
export async function startAnswering(
  tls: TestTls,
  answer: (path: string, request: IncomingMessage) => GivenAnswer,
): Promise<ServiceProvider & { asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(tls, (request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.method} ${path}`);
    const given = answer(path, request);
    if (!given) return;
    const { status, body = '', headers } = given;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/scim+json', ...headers }).end(text);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    baseUrl: url,
    token: 'token',
    asked,
    run: () => {},
    log: () => [],
    invalidRequests: () => [],
    counts: () => ({
      reads: asked.length,
      writes: 0,
      byMethod: {},
    }),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A call as a handler gets it. */
export function callOf({ timeoutMs = 30_000 } = {}): CallContext {
  return {
    requireRole: () => {},
    caller: 'config',
    signal: new AbortController().signal,
    deadline: new Date(Date.now() + timeoutMs),
    requestId: 'test',
    traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
    metadata: {} as never,
  };
}
