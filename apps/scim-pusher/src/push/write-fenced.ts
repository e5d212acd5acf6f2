import { assertFence, inTransaction, LeaseLostError, type Db, type HeldLease, type Pool } from '@autoprov/postgres';

/** Runs a write under the pass's lease; refused with LeaseLostError when the lease is another's. */
export type WriteFenced = <T>(write: (tx: Db) => Promise<T>) => Promise<T>;

type Waiting = {
  write: (tx: Db) => Promise<unknown>;
  resolve: (result: never) => void;
  reject: (err: unknown) => void;
};

/**
 * A writer for one pass. Writes that come while a transaction runs share the next one: many people's results cost few
 * commits. Where such a transaction fails, each write is tried alone, so that only the one at fault fails.
 */
export function createFencedWriter(pool: Pool, lease: HeldLease): WriteFenced {
  let waiting: Waiting[] = [];
  let draining = false;

  const commit = (writes: Waiting[]): Promise<unknown[]> =>
    inTransaction(pool, async (tx) => {
      await assertFence(tx, lease.name, lease.fence);
      const results: unknown[] = [];
      for (const { write } of writes) results.push(await write(tx));
      return results;
    });

  async function settle(writes: Waiting[]): Promise<void> {
    try {
      const results = await commit(writes);
      writes.forEach(({ resolve }, i) => resolve(results[i] as never));
    } catch (err) {
      if (writes.length === 1 || err instanceof LeaseLostError) return writes.forEach(({ reject }) => reject(err));
      for (const one of writes) await settle([one]);
    }
  }

  async function drain(): Promise<void> {
    draining = true;
    while (waiting.length > 0) await settle(waiting.splice(0));
    draining = false;
  }

  return (write) =>
    new Promise((resolve, reject) => {
      waiting.push({ write, resolve, reject });
      if (!draining) void drain();
    });
}
