import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '@autoprov/postgres';

/** A process that shares the work with others. */
export type Replica = {
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
};

/** What befalls processes, one after the other, until it is used up. */
export type Fates = {
  /** The next one; undefined: there is no more. */
  take(): 'kill' | 'freeze' | undefined;
  isOnDuty(pid: number): Promise<boolean>;
  frozenMs(): number;
  done: { kills: number; freezes: number; onDuty: number };
};

/** So long a process may be without an app before its fate meets it anyway. */
const idleMs = 3_000;
/** Its fate meets it at a random moment within so long after it has taken an app. */
const lifeMs = 800;

/** Makes kills and freezes in random order. */
export function createFates(options: { kills: number; freezes: number; pool: Pool; frozenMs: () => number }): Fates {
  const { pool, frozenMs } = options;
  const left = { kill: options.kills, freeze: options.freezes };
  return {
    done: { kills: 0, freezes: 0, onDuty: 0 },
    frozenMs,
    take() {
      const total = left.kill + left.freeze;
      if (total === 0) return undefined;
      const fate = Math.random() * total < left.kill ? 'kill' : 'freeze';
      left[fate]--;
      return fate;
    },
    async isOnDuty(pid) {
      const { rowCount } = await pool.query(
        `select from leases where name like 'app/%' and owner like '%/' || $1 and until > clock_timestamp()`,
        [String(pid)],
      );
      return rowCount > 0;
    },
  };
}

/**
 * Lets a process live and meet its fates, again and again; in the end it runs and is ready. It serves apps before it is
 * ready, for which it waits until Kafka has noticed who is dead, so that is not waited for in between.
 */
export async function liveUnderFates(replica: Replica, fates: Fates): Promise<void> {
  let starting: Promise<void> | undefined;
  for (;;) {
    await untilOnDuty(replica, fates);
    await delay(Math.random() * lifeMs);
    const { pid } = replica;
    if (pid === undefined && starting) continue;
    const wasOnDuty = pid !== undefined && (await fates.isOnDuty(pid));
    const fate = pid === undefined ? undefined : fates.take();
    if (pid === undefined || !fate) break;
    if (fate === 'kill') {
      await replica.kill('SIGKILL');
      fates.done.kills++;
      // Whoever is killed before it is ready fails to start.
      starting = replica.start().catch(() => {});
    } else {
      process.kill(pid, 'SIGSTOP');
      await delay(fates.frozenMs());
      process.kill(pid, 'SIGCONT');
      fates.done.freezes++;
    }
    if (wasOnDuty) fates.done.onDuty++;
  }
  await starting;
  if (replica.pid === undefined) await replica.start();
}

async function untilOnDuty(replica: Replica, fates: Fates): Promise<void> {
  const deadlineMs = performance.now() + idleMs;
  while (performance.now() < deadlineMs) {
    if (replica.pid !== undefined && (await fates.isOnDuty(replica.pid))) return;
    await delay(50);
  }
}
