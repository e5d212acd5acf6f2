import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, takeCheckSeq, type Db } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import type { CheckResult } from './domain/checks.ts';

/** Publishes the checks whose result is news; `nextAttemptTime` is when those that failed are tried again. */
export async function reportChecks(
  tx: Db,
  { origin, now }: Pick<ReaderContext, 'origin' | 'now'>,
  checks: CheckResult[],
  nextAttemptTime: Date,
): Promise<void> {
  const occurTime = now();
  for (const check of checks) {
    const seq = await takeCheckSeq(tx, check, occurTime);
    if (seq === undefined) continue;
    const { subject, code, passed } = check;
    const outcome = passed
      ? { reason: '', detail: '' }
      : { reason: check.reason, detail: check.detail, nextAttemptTime };
    const message = { source: origin.service, subject, seq, occurTime, passed, code, ...outcome };
    await addToOutbox(tx, [toCloudEvent(origin, { kind: 'check', message })]);
  }
}
