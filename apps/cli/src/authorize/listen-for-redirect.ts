import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where the browser comes back to, and the URL at which it does. */
export type Redirect = { uri: string; arrived: Promise<string>; close(): void };

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Autoprov</title><p>Go on in the terminal: this page can be closed.';

/**
 * Listens on loopback for the browser that comes back from the service provider (RFC 8252 §7.3).
 *
 * @param port 0: a free one; service providers that compare the port need a fixed one
 */
export async function listenForRedirect(port: number): Promise<Redirect> {
  const server = createServer();
  const arrived = new Promise<string>((resolve) => {
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', uri());
      const isAnswer = url.searchParams.has('code') || url.searchParams.has('error');
      response.writeHead(isAnswer ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', connection: 'close' });
      response.end(isAnswer ? PAGE : '');
      if (isAnswer) resolve(url.href);
    });
  });
  const uri = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: uri(),
    arrived,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
