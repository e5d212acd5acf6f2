import { assertFence, inTransaction, type Db, type Lease } from '@autoprov/postgres';
import { Cause, toCanonicalJson } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import { decideAlert, newAlert, OPERATOR, recipientsOf, webhookIdOf, type Telling } from './domain/alert.ts';
import { presentAnonymousCause } from './present-cause.ts';
import {
  deleteAlert,
  findAlerts,
  findFailingCauses,
  keepRecipients,
  saveAlert,
  type StoredAlert,
} from './store/alerts.ts';
import { listCauses } from './store/causes.ts';
import { findMutes } from './store/mutes.ts';
import { addNotification } from './store/notifications.ts';

/**
 * Works out who is to be told what now, and keeps it as notifications to be sent: each exactly once.
 *
 * @param recipients who has a webhook
 * @param lease that of alerts: only one replica decides
 */
export async function decideAlerts(
  { pool, now: clock }: Pick<ReporterContext, 'pool' | 'now'>,
  recipients: string[],
  lease: Pick<Lease, 'name' | 'fence'>,
): Promise<void> {
  // Looked up outside: it takes as long as there are failures.
  const causes = await findFailingCauses(pool);
  await inTransaction(pool, async (tx) => {
    await assertFence(tx, lease.name, lease.fence);
    await keepRecipients(tx, recipients);
    const now = clock();
    const known = await findAlerts(tx);
    const knownOfCause = Map.groupBy(known, ({ causeId }) => causeId);
    const muted = new Set((await findMutes(tx, now)).map(keyOf));
    const failing = causes.flatMap((cause) =>
      recipientsOf(cause, knownOfCause.get(cause.causeId) ?? [])
        .filter((recipient) => recipients.includes(recipient))
        .map((recipient) => newAlert(recipient, cause.causeId, now)),
    );
    const knownKeys = new Set(known.map(keyOf));
    const failingKeys = new Set(failing.map(keyOf));
    const alerts = new Map<string, StoredAlert>(failing.map((alert) => [keyOf(alert), { ...alert, told: null }]));
    for (const alert of known) alerts.set(keyOf(alert), alert);
    for (const [key, alert] of alerts) {
      const isNew = !knownKeys.has(key);
      await decide(tx, alert, { failing: failingKeys.has(key), muted: muted.has(key), isNew }, now);
    }
  });
}

async function decide(
  tx: Db,
  alert: StoredAlert,
  state: { failing: boolean; muted: boolean; isNew: boolean },
  now: Date,
): Promise<void> {
  const { alert: next, telling } = decideAlert(alert, state, now);
  const told = telling ? await tell(tx, { ...alert, ...next }, telling, now) : alert.told;
  // What has ended since it was looked up is decided again at the next pass.
  if (telling && !told) return;
  if (!next) await deleteAlert(tx, alert);
  else if (state.isNew || telling || next.goneTime?.getTime() !== alert.goneTime?.getTime()) {
    await saveAlert(tx, { ...next, told });
  }
}

/** Keeps what is to be sent; answers what it says of the cause. null: nothing of it fails any more. */
async function tell(tx: Db, alert: StoredAlert, telling: Telling, now: Date): Promise<object | null> {
  const { recipient, causeId } = alert;
  // Of what is over there is nothing to be looked up: it is told as it was told before.
  const told = telling === 'ended' ? alert.told : await describeCause(tx, recipient, causeId);
  if (!told) return null;
  const body = JSON.stringify({ type: `autoprov.cause.${telling}`, timestamp: now.toISOString(), data: told });
  await addNotification(tx, { webhookId: webhookIdOf(alert, telling), recipient, causeId, body }, now);
  return told;
}

async function describeCause(db: Db, recipient: string, causeId: string): Promise<object | null> {
  const { causes } = await listCauses(db, recipient === OPERATOR ? '' : recipient, 1, causeId);
  if (!causes[0]) return null;
  return toCanonicalJson('autoprov.failure.v1.Cause', Cause, presentAnonymousCause(causes[0], recipient)) as object;
}

function keyOf({ recipient, causeId }: { recipient: string; causeId: string }): string {
  return `${recipient} ${causeId}`;
}
