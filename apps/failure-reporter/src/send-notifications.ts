import { backoffMs } from '@autoprov/service';
import { Webhook } from 'standardwebhooks';
import { request, type Dispatcher } from 'undici';
import type { ReporterContext } from './context.ts';
import type { WebhookRecipient } from './domain/webhook-recipients.ts';
import {
  deleteNotification,
  findDueNotifications,
  postponeNotification,
  type Notification,
} from './store/notifications.ts';

const PAGE_SIZE = 500;
const TIMEOUT_MS = 10_000;
const backoff = { baseMs: 10_000, capMs: 3_600_000 };

type SendContext = Pick<ReporterContext, 'pool' | 'now' | 'logger'>;

/** Webhooks, and the connections to them. */
export type Webhooks = { recipients: Map<string, WebhookRecipient>; agent: Dispatcher };

/** Sends what is due. A receiver that does not acknowledge is tried again later, and holds up nobody else. */
export async function sendNotifications(ctx: SendContext, webhooks: Webhooks, signal: AbortSignal): Promise<void> {
  const due = await findDueNotifications(ctx.pool, ctx.now(), PAGE_SIZE);
  const ofRecipients = [...Map.groupBy(due, ({ recipient }) => recipient).values()];
  await Promise.all(ofRecipients.map((notifications) => sendInTurn(ctx, webhooks, notifications, signal)));
}

async function sendInTurn(ctx: SendContext, webhooks: Webhooks, notifications: Notification[], signal: AbortSignal) {
  for (const notification of notifications) {
    if (signal.aborted) return;
    const refusal = await send(webhooks, notification);
    if (refusal === undefined) {
      await deleteNotification(ctx.pool, notification.id);
      continue;
    }
    const { recipient, webhookId, attemptCount } = notification;
    const nextAttemptTime = new Date(ctx.now().getTime() + backoffMs(attemptCount, backoff));
    await postponeNotification(ctx.pool, notification.id, nextAttemptTime);
    ctx.logger.warn({ recipient, webhookId, refusal, nextAttemptTime }, 'webhook not acknowledged: it is sent again');
    return;
  }
}

/** Sends it once, signed; answers why it was not acknowledged, without the URL, which may hold a secret. */
async function send({ recipients, agent }: Webhooks, notification: Notification): Promise<string | undefined> {
  const { webhookId, body, recipient } = notification;
  const { url, secret } = recipients.get(recipient)!;
  // The receiver compares it with its own clock, so it is the machine's.
  const time = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
    'webhook-signature': new Webhook(secret.reveal()).sign(webhookId, time, body),
  };
  try {
    const abort = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal: abort });
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `HTTP ${answer.statusCode}`;
  } catch (err) {
    return (err as { code?: string }).code ?? (err as Error).name;
  }
}
