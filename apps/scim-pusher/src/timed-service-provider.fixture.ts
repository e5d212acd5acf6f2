import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How it answers: at once; after 30 s; with 500 only. */
export type Temper = 'well' | 'hangs' | 'fails';

/** A service provider that takes everything, and notes when. */
export type TimedServiceProvider = {
  baseUrl: string;
  /** Of each request, as `performance.now()`. */
  askedAtMs: number[];
  /** When each title came first. */
  titledAtMs: Map<string, number>;
  stop: () => void;
};

const hangMs = 30_000;

/** Starts one. Cheap, because many of them share a machine with what is measured. */
export async function startTimedServiceProvider(temper: Temper): Promise<TimedServiceProvider> {
  const askedAtMs: number[] = [];
  const titledAtMs = new Map<string, number>();
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse) {
    const atMs = performance.now();
    askedAtMs.push(atMs);
    const body = await text(request);
    for (const [title] of body.matchAll(/title-\d+/g)) if (!titledAtMs.has(title)) titledAtMs.set(title, atMs);
    if (temper === 'fails') return respond(response, 500, { detail: 'out of order' });
    if (temper === 'hangs') await new Promise((resolve) => setTimeout(resolve, hangMs).unref());
    const { method, url = '' } = request;
    if (url.endsWith('/ServiceProviderConfig')) return respond(response, 200, { patch: { supported: true } });
    if (method === 'GET') return respond(response, 200, { totalResults: 0, Resources: [] });
    const id = method === 'POST' ? (JSON.parse(body) as { externalId: string }).externalId : url.split('/').at(-1);
    return respond(response, method === 'POST' ? 201 : 200, { id, active: true });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    askedAtMs,
    titledAtMs,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
}
