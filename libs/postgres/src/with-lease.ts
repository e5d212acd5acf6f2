import type { Db } from './connect.ts';
import { LeaseLostError, releaseLease, renewLease, takeLease, type Lease, type LeaseRequest } from './leases.ts';

/** A lease that is renewed in the background. */
export type HeldLease = Pick<Lease, 'name' | 'fence'> & {
  /** Aborts, with LeaseLostError as its reason, once the lease is no longer ours: stop the work. */
  lost: AbortSignal;
  /** For how long the lease surely holds; compare with the timeout of what is about to be sent. */
  remainingMs: () => number;
};

/**
 * Takes the lease, runs `work` while renewing it, and gives it back. False, without running, when another holds it.
 * What `work` throws is thrown on. Writes of `work` that must not happen twice also need `assertFence`.
 */
export async function withLease(
  db: Db,
  request: LeaseRequest,
  work: (lease: HeldLease) => Promise<void>,
): Promise<boolean> {
  const lease = await takeLease(db, request);
  if (!lease) return false;
  const held = keepRenewed(db, lease, request.ttlMs);
  try {
    await work(held);
  } finally {
    held.stopRenewing();
    // A lease that cannot be given back expires.
    await releaseLease(db, lease).catch(() => {});
  }
  return true;
}

function keepRenewed(db: Db, lease: Lease, ttlMs: number): HeldLease & { stopRenewing: () => void } {
  const { name, fence } = lease;
  const lost = new AbortController();
  let { heldUntilMs } = lease;
  let ended = false;

  const remainingMs = () => (lost.signal.aborted ? 0 : Math.max(0, heldUntilMs - performance.now()));
  const stopRenewing = () => {
    ended = true;
    clearInterval(renewal);
    clearTimeout(expiry);
  };
  const lose = () => {
    stopRenewing();
    lost.abort(new LeaseLostError(lease));
  };
  const renew = async () => {
    const renewed = await renewLease(db, lease, ttlMs);
    if (ended) return;
    if (!renewed) return lose();
    heldUntilMs = renewed.heldUntilMs;
    clearTimeout(expiry);
    expiry = setTimeout(lose, remainingMs());
  };
  let expiry = setTimeout(lose, remainingMs());
  // A renewal that fails is tried again at the next tick; when none succeeds in time, the expiry has the last word.
  const renewal = setInterval(() => void renew().catch(() => {}), ttlMs / 3);
  return { name, fence, lost: lost.signal, remainingMs, stopRenewing };
}
