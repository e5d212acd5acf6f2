import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Where a server listens. */
export type ListenOptions = {
  /** Default: a free one. */
  port?: number;
  /** https with this PEM certificate and key; else http. */
  tls?: { cert: string; key: string };
};

/** Answers requests, at once or later. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server that listens. `stop` cuts what is open. */
export type Listening = { url: string; stop: () => Promise<void> };

/** Starts a server on 127.0.0.1. A listener that fails, because the client has gone for example, cuts the connection. */
export async function listenOnLoopback(listener: Listener, { port = 0, tls }: ListenOptions = {}): Promise<Listening> {
  async function answer(request: IncomingMessage, response: ServerResponse) {
    try {
      await listener(request, response);
    } catch {
      request.socket.destroy();
    }
  }
  const handler = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const server = tls ? createHttpsServer(tls, handler) : createHttpServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
