import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createCertificates } from '@autoprov/testing';
import { Webhook } from 'standardwebhooks';
import { openWebhooks } from './open-webhooks.ts';

/** What a receiver was sent, once its signature was verified. */
export type Received = {
  recipient: string;
  id: string;
  status: number;
  type: string;
  data: Record<string, unknown>;
  body: string;
};

/** An https receiver of webhooks on loopback, with a secret for each recipient, as a team would write it with the library. */
export async function startWebhookReceiver(recipients: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-webhooks-'));
  const { caFile, localhost } = await createCertificates(dir, []);
  const secretOf = (i: number) => `whsec_${Buffer.alloc(32, i + 1).toString('base64')}`;
  const received: Received[] = [];
  const statuses = new Map<string, number>();
  const tls = { cert: readFileSync(localhost.certFile), key: readFileSync(localhost.keyFile) };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const i = Number(request.url!.slice(1));
    const body = await text(request);
    try {
      const { type, data } = new Webhook(secretOf(i)).verify(
        body,
        request.headers as Record<string, string>,
      ) as Received;
      const [recipient, id] = [recipients[i]!, String(request.headers['webhook-id'])];
      const status = statuses.get(recipient) ?? 204;
      received.push({ recipient, id, status, type, data, body });
      response.writeHead(status).end();
    } catch {
      response.writeHead(401).end();
    }
  }
  const server = createServer(tls, (request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entries = recipients.map((recipient, i) => [recipient, { url: `https://${host}/${i}`, secret: secretOf(i) }]);
  const file = join(dir, 'webhooks.json');
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)));
  const env = { file, allowedHosts: [host], caFile };
  const webhooks = openWebhooks(file, env);
  return {
    /** What a service is started with that tells it. */
    env,
    webhooks,
    received,
    /** From now on it answers a recipient's with this status. */
    answerWith: (recipient: string, status: number) => void statuses.set(recipient, status),
    async stop(): Promise<void> {
      await webhooks.agent.destroy();
      server.closeAllConnections();
      server.close();
      rmSync(dir, { recursive: true });
    },
  };
}
