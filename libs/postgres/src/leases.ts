import type { Db } from './connect.ts';

/** The right to be the only one who does `name`, until the database's clock says `until`. */
export type Lease = {
  name: string;
  /** Grows with each take: what a former owner writes under a smaller fence is refused (`assertFence`). */
  fence: bigint;
  until: Date;
  /** `performance.now()` up to which the lease surely holds: counted from before it was asked for. */
  heldUntilMs: number;
};

export type LeaseRequest = {
  name: string;
  /** Who holds it, for people who look; it gives no rights: an owner does not take its own lease twice. */
  owner: string;
  ttlMs: number;
};

/** Thrown where a lease was needed that another owner took meanwhile: drop the work, its new owner does it. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';

  constructor({ name, fence }: Pick<Lease, 'name' | 'fence'>) {
    super(`lease "${name}" with fence ${fence} is lost: stop this work, take the lease again and start afresh`);
  }
}

/**
 * Takes a lease that nobody holds: never taken, released or expired; undefined when somebody holds it.
 * Give the pool, not a transaction: until that ends, everybody else would wait for the row.
 */
export async function takeLease(db: Db, { name, owner, ttlMs }: LeaseRequest): Promise<Lease | undefined> {
  const askedAtMs = performance.now();
  // The first condition only spares locking the row of a held lease at each poll; the last one decides.
  const { rows } = await db.query<{ fence: bigint; until: Date }>(
    `insert into leases as held (name, owner, fence, until)
     select $1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond'
     where not exists (select from leases where name = $1 and until > clock_timestamp())
     on conflict (name) do update
       set owner = $2, fence = held.fence + 1, until = clock_timestamp() + $3 * interval '1 millisecond'
       where held.until <= clock_timestamp()
     returning fence, until`,
    [name, owner, ttlMs],
  );
  return rows[0] && { name, ...rows[0], heldUntilMs: askedAtMs + ttlMs };
}

/** Prolongs a lease to `ttlMs` from now; undefined when it has expired or is another's: then take it anew. */
export async function renewLease(db: Db, { name, fence }: Lease, ttlMs: number): Promise<Lease | undefined> {
  const askedAtMs = performance.now();
  const { rows } = await db.query<{ until: Date }>(
    `update leases set until = clock_timestamp() + $3 * interval '1 millisecond'
     where name = $1 and fence = $2 and until > clock_timestamp()
     returning until`,
    [name, fence, ttlMs],
  );
  return rows[0] && { name, fence, until: rows[0].until, heldUntilMs: askedAtMs + ttlMs };
}

/** Gives a lease back, so that the next owner need not wait; nothing happens when it is lost already. */
export async function releaseLease(db: Db, { name, fence }: Pick<Lease, 'name' | 'fence'>): Promise<void> {
  // The row stays, so that the fence keeps growing, and moves on: the former owner is fenced from here.
  await db.query(`update leases set fence = fence + 1, until = 'epoch' where name = $1 and fence = $2`, [name, fence]);
}

/**
 * Call it in the transaction that writes, before the writes: throws LeaseLostError when another owner has taken the
 * lease, and makes whoever wants to take it wait until this transaction has ended.
 */
export async function assertFence(tx: Db, name: string, fence: bigint): Promise<void> {
  const { rowCount } = await tx.query(`select from leases where name = $1 and fence = $2 for share`, [name, fence]);
  if (rowCount === 0) throw new LeaseLostError({ name, fence });
}
