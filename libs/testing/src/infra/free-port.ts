import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A loopback TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return listenOnce(0);
}

/** True when nothing listens on this loopback TCP port, now or within two seconds: a server killed just now takes a moment. */
export async function isPortFree(port: number): Promise<boolean> {
  const deadlineMs = Date.now() + 2_000;
  for (;;) {
    try {
      await listenOnce(port);
      return true;
    } catch {
      if (Date.now() > deadlineMs) return false;
      await delay(50);
    }
  }
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return address.port;
}
