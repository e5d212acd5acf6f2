import { inTransaction } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import { reportChecks } from './report-checks.ts';
import { addCrash, endCrash } from './store/crashes.ts';

const check = { subject: 'installation', code: '12003' };

/** Reports that reading a customer's directory ended with a bug: 12003. It is tried again by itself. */
export async function reportCrash(
  context: ReaderContext,
  customerId: string,
  err: unknown,
  nextAttemptTime: Date,
): Promise<void> {
  const name = err instanceof Error ? err.name : typeof err;
  const detail = `the read of customers/${customerId} ended with an unexpected ${name}: see the log of directory-reader`;
  const failed = { ...check, passed: false as const, reason: 'UNEXPECTED_ERROR', detail };
  await inTransaction(context.pool, async (tx) => {
    await addCrash(tx, customerId);
    await reportChecks(tx, context, [failed], nextAttemptTime);
  });
  context.outbox.wake();
}

/** Reports, after a read that ended well, that nobody's read ends with a bug any more; if that is so. */
export async function reportCrashOver(context: ReaderContext, customerId: string): Promise<void> {
  const isLast = await inTransaction(context.pool, async (tx) => {
    if (!(await endCrash(tx, customerId))) return false;
    await reportChecks(tx, context, [{ ...check, passed: true }], context.now());
    return true;
  });
  if (isLast) context.outbox.wake();
}
