import type { BrokerContext } from './context.ts';
import { UnreadableSecretError, type SealedFor } from './domain/sealing.ts';
import { unreadable } from './rpc/errors.ts';

/** The secret of a row. Throws FAILED_PRECONDITION (25016) when it does not open. */
export function openSealed({ sealer }: BrokerContext, row: SealedFor & { sealed: Buffer }): string {
  return orUnreadable(() => sealer.open(row.sealed, row));
}

/** What `open` answers; an UnreadableSecretError becomes FAILED_PRECONDITION (25016). */
export function orUnreadable<T>(open: () => T): T {
  try {
    return open();
  } catch (err) {
    throw err instanceof UnreadableSecretError ? unreadable(err) : err;
  }
}
