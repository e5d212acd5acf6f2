import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isUnavailable, LeaseLostError, withLease, type HeldLease } from '@autoprov/postgres';
import { runLoop } from '@autoprov/service';
import { announceAllUsers } from './announce.ts';
import type { ReaderContext } from './context.ts';
import { readCustomer } from './read-customer.ts';
import { reportCrash, reportCrashOver } from './report-crash.ts';
import { readNewGroups } from './read-new-groups.ts';
import { isResendRequested, listDueCustomers } from './store/customers.ts';

const LOOK_EVERY_MS = 1_000;
const LEASE_MS = 30_000;
const CONCURRENT_CUSTOMERS = 4;
/** After a read ended with a bug or without its database. */
const PAUSE_MS = 15_000;

/** The reads of this replica. */
export type Reads = {
  /** Looks for due customers at once. */
  wake(): void;
  /** Breaks off the reads under way; they are done again. */
  stop(): Promise<void>;
};

/** Reads the customers that are due, some at a time, each by one replica at a time. */
export function runReads(context: ReaderContext): Reads {
  const { pool, logger, now } = context;
  const owner = `directory-reader/${hostname()}/${process.pid}/${randomUUID()}`;
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const pausedUntilMs = new Map<string, number>();

  async function startDueReads(): Promise<void> {
    for (const customerId of await listDueCustomers(pool, now())) {
      if (running.size >= CONCURRENT_CUSTOMERS) return;
      if (running.has(customerId) || (pausedUntilMs.get(customerId) ?? 0) > performance.now()) continue;
      const work = serve(customerId).finally(() => {
        running.delete(customerId);
        loop.wake();
      });
      running.set(customerId, work);
    }
  }

  async function serve(customerId: string): Promise<void> {
    try {
      const request = { name: `read ${customerId}`, owner, ttlMs: LEASE_MS };
      const held = await withLease(pool, request, (lease) => serveHeld(context, customerId, lease, stopping.signal));
      // Another replica reads it: look again with the next tick, not at once.
      if (held) pausedUntilMs.delete(customerId);
      else pausedUntilMs.set(customerId, performance.now() + LOOK_EVERY_MS);
    } catch (err) {
      if (stopping.signal.aborted) return;
      if (err instanceof LeaseLostError)
        logger.info({ customerId }, 'read broken off: another replica has taken it over');
      else logger.error({ err, customerId }, 'read failed: it is done again');
      pausedUntilMs.set(customerId, performance.now() + PAUSE_MS);
      if (!(err instanceof LeaseLostError) && !isUnavailable(err)) await noteCrash(customerId, err);
    }
  }

  async function noteCrash(customerId: string, crash: unknown): Promise<void> {
    const nextAttemptTime = new Date(now().getTime() + PAUSE_MS);
    await reportCrash(context, customerId, crash, nextAttemptTime).catch((err: unknown) =>
      logger.warn({ err, customerId }, 'a read that failed was not reported: it is with the next one'),
    );
  }

  const loop = runLoop({ name: 'reads', everyMs: LOOK_EVERY_MS, run: startDueReads, logger });
  return {
    wake: () => loop.wake(),
    async stop() {
      stopping.abort(new Error('the service stops'));
      await loop.stop();
      await Promise.all(running.values());
    },
  };
}

async function serveHeld(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<void> {
  await readCustomer(context, customerId, lease, stopping);
  await readNewGroups(context, customerId, lease, stopping);
  await reportCrashOver(context, customerId);
  if (await isResendRequested(context.pool, customerId)) await announceAllUsers({ context, customerId, lease });
}
