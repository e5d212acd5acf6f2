import { assertFence, inTransaction, type Db, type HeldLease } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import type { DirectoryClient } from './directory-client.ts';

/** A read under way, held by a lease. */
export type RunningRead = {
  context: ReaderContext;
  customerId: string;
  readNo: bigint;
  lease: HeldLease;
  directory: DirectoryClient;
  /** Of the last list of users that was believed; undefined: none yet. */
  wholeUserCount: number | undefined;
  /** Whether copies may hold people whose deletion the mirror missed. */
  deletionsUnknown: boolean;
  /** Whether copies may know memberships that the mirror never heard of. */
  membershipsUnknown: boolean;
  /** The groups to read, as the setups spell them, and all of interest: a nested one among them is read under its own name. */
  groups: string[];
  groupsOfInterest: string[];
  schemas: string[];
  /** Requests that this read has sent to Google. */
  requestsSent(): number;
};

/** Runs one transaction of the holder of a lease; it throws LeaseLostError, and does nothing, for anybody else. */
export function inFencedTransaction<T>(
  { pool }: Pick<ReaderContext, 'pool'>,
  { name, fence }: Pick<HeldLease, 'name' | 'fence'>,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, async (tx) => {
    await assertFence(tx, name, fence);
    return work(tx);
  });
}
