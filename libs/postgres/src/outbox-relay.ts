import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from './connect.ts';
import type { Logger } from './logger.ts';
import { deleteFromOutbox, readOutbox, type OutboxRecord } from './outbox.ts';
import { withLease, type HeldLease } from './with-lease.ts';

const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 10_000;
const DRAIN_CHECK_MS = 20;

export type OutboxRelay = {
  /** Says that rows were committed, so that they are sent now and not at the next poll. */
  wake: () => void;
  /** Resolves once the outbox is empty, whichever replica emptied it. */
  drained: () => Promise<void>;
  /** Finishes the batch under way, gives the lease back and resolves. */
  stop: () => Promise<void>;
};

/**
 * Sends the rows of the schema's outbox, for as long as this replica holds its lease: takes the oldest rows, publishes
 * them, deletes exactly those. At least once and never skipped: there is no cursor that a row of a late commit could
 * come behind. Rows of one key whose transactions followed each other are sent in that order; the first time of each,
 * that is, for a batch that failed halfway, or that a frozen former owner sends late, comes again as a whole.
 *
 * `publish` resolves when Kafka has acknowledged all records. When it throws, they stay, the lease is given up (the
 * fault may lie with this replica) and after a back-off of up to 10 s somebody tries again.
 */
export function runOutboxRelay({
  pool,
  name,
  publish,
  logger,
  pollMs = 200,
  batch = 1000,
  leaseMs = 15_000,
}: {
  pool: Pool;
  /** The service, for the log and the lease's owner. */
  name: string;
  publish: (records: OutboxRecord[]) => Promise<void>;
  logger: Logger;
  pollMs?: number;
  /** Rows of one publish. */
  batch?: number;
  /** How long a dead replica's successor waits. */
  leaseMs?: number;
}): OutboxRelay {
  const owner = `${name}/${hostname()}/${process.pid}/${randomUUID()}`;
  const stopping = new AbortController();
  let nudge = new AbortController();
  let failures = 0;

  async function relayBatch(): Promise<number> {
    const rows = await readOutbox(pool, batch);
    if (rows.length === 0) return 0;
    await publish(rows);
    await deleteFromOutbox(
      pool,
      rows.map(({ id }) => id),
    );
    return rows.length;
  }

  async function relayWhileHeld({ lost }: HeldLease): Promise<void> {
    while (!stopping.signal.aborted && !lost.aborted) {
      nudge = new AbortController();
      const sent = await relayBatch();
      failures = 0;
      if (sent === 0) await pause(pollMs, nudge.signal);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const held = await withLease(pool, { name: 'outbox', owner, ttlMs: leaseMs }, relayWhileHeld);
        if (!held) await pause(pollMs, stopping.signal);
      } catch (err) {
        const retryInMs = backoffMs(failures++);
        logger.warn({ err, outbox: name, failures, retryInMs }, 'outbox rows not published: kept, and tried again');
        await pause(retryInMs, stopping.signal);
      }
    }
  }

  const running = run();
  return {
    wake: () => nudge.abort(),
    async drained() {
      while ((await readOutbox(pool, 1)).length > 0) {
        if (stopping.signal.aborted) throw new Error(`the outbox relay of ${name} is stopped: start one to drain it`);
        nudge.abort();
        await sleep(DRAIN_CHECK_MS);
      }
    },
    async stop() {
      stopping.abort();
      nudge.abort();
      await running;
    },
  };
}

/** Waits, or less when interrupted. */
async function pause(ms: number, interrupt: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: interrupt }).catch(() => {});
}

/** Half to all of a doubling time, so that replicas do not try in step. */
function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures) * (0.5 + Math.random() / 2);
}
