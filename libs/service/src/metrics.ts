import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

const READY_TIMEOUT_MS = 1_000;

/** The metrics of one process, with those of Node itself already in it. */
export function createRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register;
}

/** What a metrics server needs. */
export type MetricsServerOptions = {
  /** host:port to listen on; port 0 takes a free one. */
  address: string;
  registry: Registry;
  /** Whether calls may come. Taken for false when it rejects or takes longer than a second. */
  ready: () => Promise<boolean>;
};

/**
 * Serves GET /metrics, /livez (200 while the event loop turns) and /readyz (200 or 503) over plain HTTP: probes and
 * scrapers have no client certificate.
 */
export async function startMetricsServer(
  options: MetricsServerOptions,
): Promise<{ port: number; stop(): Promise<void> }> {
  const { hostname, port } = new URL(`http://${options.address}`);
  const server = createServer((request, response) => void answer(options, request, response));
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  { registry, ready }: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (request.url) {
    case '/metrics':
      try {
        const metrics = await registry.metrics();
        response.setHeader('content-type', registry.contentType).end(metrics);
      } catch (err) {
        // A metric that asks the database fails with it; the process must not.
        response
          .writeHead(500)
          .end(`metrics can't be collected: ${err instanceof Error ? err.message : 'see the log'}\n`);
      }
      return;
    case '/livez':
      response.end('ok\n');
      return;
    case '/readyz': {
      const isReady = await withinTimeout(ready);
      response.writeHead(isReady ? 200 : 503).end(isReady ? 'ok\n' : 'not ready\n');
      return;
    }
    default:
      response.writeHead(404).end('not found: ask for /metrics, /livez or /readyz\n');
  }
}

async function withinTimeout(ready: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), READY_TIMEOUT_MS)));
  try {
    return await Promise.race([ready(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
