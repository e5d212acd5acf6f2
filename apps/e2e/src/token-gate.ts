import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Agent, request as send } from 'undici';
import type { Network, OAuthProvider } from '@autoprov/testing';

/** The network's service provider, for whoever has an OAuth token instead of its own. */
export type TokenGate = { baseUrl: string; stop(): void };

/** Lets requests with a token of the authorization server through to the service provider, and refuses all others. */
export async function startTokenGate({ dir, serviceProvider }: Network, oauth: OAuthProvider): Promise<TokenGate> {
  const { baseUrl, token, ca } = serviceProvider.access;
  const inside = new Agent({ connect: { ca } });
  const { origin, pathname } = new URL(baseUrl);
  const readPem = (file: string) => readFileSync(join(dir, 'tls', file));
  const tls = { cert: readPem('localhost.pem'), key: readPem('localhost-key.pem') };
  const server = createServer(tls, (request, response) => {
    const given = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (!oauth.isAlive(given)) return void response.writeHead(401).end();
    const forward = async (): Promise<void> => {
      const { accept, 'content-type': contentType } = request.headers;
      const answer = await send(`${origin}${request.url}`, {
        method: request.method as 'GET',
        dispatcher: inside,
        headers: {
          authorization: `Bearer ${token}`,
          ...(accept && { accept }),
          ...(contentType && { 'content-type': contentType }),
        },
        body: await buffer(request),
      });
      response.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type'] ?? '') });
      response.end(await buffer(answer.body));
    };
    forward().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    baseUrl: `https://localhost:${port}${pathname}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
