import { RpcError } from '@autoprov/grpc';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, inTransaction, type Db, type OutboxRecord } from '@autoprov/postgres';
import type { BrokerContext } from './context.ts';
import { listFailed, saveFailed, savePassed, type CheckKey } from './store/checks.ts';

/** Codes of the error model whose failure is the installation's, not the customer's. */
const platformCodes = new Set(['17002', '17011']);

/** Codes that say nothing of the others: nobody answered, or was not even asked. The rest exclude each other. */
const silentCodes = new Set(['17002', '17013', '25016']);

/** Codes of the directory, which `directory-reader` reports itself: we only met them. */
const codesOfReader = new Set(['17008', '50001']);

/**
 * Does what a secret of `holder`, a customer or an app, is needed for, and reports whether it worked: a failure with a code
 * of the error model as a failed check, a success as the end of every check that failed for this holder.
 */
export async function reporting<T>(ctx: BrokerContext, holder: string, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await reportPassed(ctx, holder);
    return result;
  } catch (err) {
    if (err instanceof RpcError && err.details.metadata?.['code']) await reportFailed(ctx, holder, err);
    throw err;
  }
}

/** Reports that nothing fails for a holder any more. */
export async function reportPassed(ctx: BrokerContext, holder: string): Promise<void> {
  if ((await listFailed(ctx.pool, holder)).length === 0) return;
  await publish(ctx, async (tx) => pass(ctx, tx, holder, await listFailed(tx, holder)));
}

/** Reports that one check fails no more for a holder. */
export async function reportOver(ctx: BrokerContext, holder: string, check: CheckKey): Promise<void> {
  await publish(ctx, (tx) => pass(ctx, tx, holder, [check]));
}

/** Reports a failure with a code of the error model as a failed check of its holder. */
export async function reportFailed(
  ctx: BrokerContext,
  holder: string,
  { message, reason, details }: RpcError,
): Promise<void> {
  const { code, finer_reason: finerReason = reason } = details.metadata as { code: string; finer_reason?: string };
  if (codesOfReader.has(code)) return;
  const subject = platformCodes.has(code) ? 'installation' : holder;
  await publish(ctx, async (tx) => {
    const passed = silentCodes.has(code) ? [] : await pass(ctx, tx, holder, await listFailed(tx, holder, [code]));
    const seq = await saveFailed(tx, { holder, subject, code, reason: finerReason }, ctx.now());
    if (seq === undefined) return passed;
    return [...passed, toEvent(ctx, { subject, code, seq, passed: false, reason: finerReason, detail: message })];
  });
}

async function pass(ctx: BrokerContext, tx: Db, holder: string, checks: CheckKey[]): Promise<OutboxRecord[]> {
  const events: OutboxRecord[] = [];
  for (const check of checks) {
    const seq = await savePassed(tx, { holder, ...check }, ctx.now());
    if (seq !== undefined) events.push(toEvent(ctx, { ...check, seq, passed: true, reason: '', detail: '' }));
  }
  return events;
}

async function publish(ctx: BrokerContext, save: (tx: Db) => Promise<OutboxRecord[]>): Promise<void> {
  await inTransaction(ctx.pool, async (tx) => addToOutbox(tx, await save(tx)));
  ctx.wakeOutbox();
}

type CheckResult = CheckKey & { seq: bigint; passed: boolean; reason: string; detail: string };

function toEvent({ origin, now }: BrokerContext, result: CheckResult): OutboxRecord {
  return toCloudEvent(origin, { kind: 'check', message: { source: origin.service, occurTime: now(), ...result } });
}
