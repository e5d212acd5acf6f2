import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { withLease } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { decideAlerts } from './decide-alerts.ts';
import { sendNotifications, type Webhooks } from './send-notifications.ts';

const LEASE_MS = 30_000;
const owner = `failure-reporter/${hostname()}/${process.pid}/${randomUUID()}`;

/** Tells those who have a webhook what fails and what is over. One replica does so at a time. Run every few seconds. */
export async function tellOfCauses(ctx: ReporterContext, webhooks: Webhooks, signal: AbortSignal): Promise<void> {
  await withLease(ctx.pool, { name: 'alerts', owner, ttlMs: LEASE_MS }, async (lease) => {
    await decideAlerts(ctx, [...webhooks.recipients.keys()], lease);
    await sendNotifications(ctx, webhooks, AbortSignal.any([signal, lease.lost]));
  });
}
