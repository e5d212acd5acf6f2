import type { Db } from '@autoprov/postgres';

/**
 * The next revision. Everybody else who wants one waits until this transaction has ended: revisions become visible in
 * their order. Take it last, so that the wait is short.
 */
export async function takeRevision(tx: Db): Promise<bigint> {
  const { rows } = await tx.query<{ n: bigint }>(`update revision_counter set n = n + 1 returning n`);
  return rows[0]!.n;
}
