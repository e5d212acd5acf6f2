import { Check } from '@autoprov/proto';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, type Db } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { appNameOf } from '../domain/model.ts';
import { nextProbe } from '../domain/retry.ts';
import { saveHealth } from '../store/apps.ts';
import type { Pass } from './pass.ts';

const brokerProbeMs = 2_000;

/**
 * Stores how the service provider as a whole does, at the end of a pass. While it fails the app has one failure, not one
 * a person; it is probed again later, and the first pass that goes through resolves it.
 */
export async function recordHealth(pass: Pass): Promise<void> {
  if (pass.down) return recordDown(pass);
  if (pass.work.health !== 'running') await recordRecovered(pass);
}

async function recordDown(pass: Pass): Promise<void> {
  rememberRefused(pass);
  const { code, reason, retryable, retryAfterMs, broker } = pass.down!;
  const detail = pass.down!.detail ?? '';
  const now = pass.ctx.now();
  const { work } = pass;
  const attempt = work.backOffAttempt + 1;
  // While our own token broker is silent the service provider is not asked at all: trying again soon costs nothing.
  const baseMs = Math.min(pass.ctx.settings.probeBaseMs, code === '17002' ? brokerProbeMs : Infinity);
  const probeAt = nextProbe(attempt, baseMs, now);
  const backOffUntil = new Date(Math.max(probeAt.getTime(), now.getTime() + (retryAfterMs ?? 0)));
  await pass.write(async (tx) => {
    // Refused, and somebody must act; all else passes by itself.
    const health = !retryable && !code.startsWith('450') ? 'quarantined' : 'backing_off';
    const seq = await saveHealth(tx, pass.app, { health, code, reason, detail, attempt, backOffUntil }, now);
    if (!broker) {
      await addCheck(tx, pass.ctx, {
        subject: appNameOf(pass.app),
        seq,
        passed: false,
        code,
        reason,
        detail,
        nextAttemptTime: backOffUntil,
      });
    } else if (work.health !== 'running' && (work.healthCode !== code || work.healthReason !== reason)) {
      // Whatever we reported before, what holds now is the token broker's to say.
      await addCheck(tx, pass.ctx, { subject: appNameOf(pass.app), seq, passed: true });
    }
  });
}

/** The app goes on as soon as the broker has another header than the refused one, or any where it had none. */
function rememberRefused({ ctx, app, scim }: Pass): void {
  const name = appNameOf(app);
  if (scim.refusedDigest === undefined) ctx.refusedHeaders.delete(name);
  else ctx.refusedHeaders.set(name, scim.refusedDigest);
}

async function recordRecovered(pass: Pass): Promise<void> {
  await pass.write(async (tx) => {
    const seq = await saveHealth(tx, pass.app, { health: 'running', attempt: 0 }, pass.ctx.now());
    await addCheck(tx, pass.ctx, { subject: appNameOf(pass.app), seq, passed: true });
  });
}

/** Publishes that something works, or does not. */
export async function addCheck(
  tx: Db,
  ctx: PusherContext,
  check: Partial<Check> & Pick<Check, 'subject' | 'seq' | 'passed'>,
): Promise<void> {
  const message = { ...Check.fromPartial({}), source: 'scim-pusher', occurTime: ctx.now(), ...check };
  await addToOutbox(tx, [toCloudEvent(ctx.origin, { kind: 'check', message })]);
  ctx.wakeOutbox();
}
