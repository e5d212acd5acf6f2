import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, inTransaction } from '@autoprov/postgres';
import type { BrokerContext } from './context.ts';
import { takeCheckSeq } from './store/checks.ts';

/** Whether something that is needed works: what is told to the failure-reporter. */
export type CheckResult = {
  /** `installation`, `customers/{customer}` or `customers/{customer}/apps/{app}`. */
  subject: string;
  code: string;
} & ({ passed: true } | { passed: false; reason: string; detail: string });

/** Publishes checks whose result is news. */
export async function reportChecks(ctx: BrokerContext, checks: readonly CheckResult[]): Promise<void> {
  const occurTime = ctx.now();
  const { origin } = ctx;
  await inTransaction(ctx.pool, async (tx) => {
    for (const check of checks) {
      const seq = await takeCheckSeq(tx, check, occurTime);
      if (seq === undefined) continue;
      const { subject, code, passed } = check;
      const why = passed ? { reason: '', detail: '' } : { reason: check.reason, detail: check.detail };
      const message = { source: origin.service, subject, seq, occurTime, passed, code, ...why };
      await addToOutbox(tx, [toCloudEvent(origin, { kind: 'check', message })]);
    }
  });
  ctx.wakeOutbox();
}
