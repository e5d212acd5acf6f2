import type { Db } from '@autoprov/postgres';

/** The kinds of requests to Google; `identify` is a users.get that is no part of a read. */
export type RequestKind =
  | 'usersList'
  | 'usersGet'
  | 'membersList'
  | 'schemasList'
  | 'identify'
  | 'orgUnitsList'
  | 'groupsList'
  | 'usersWatch'
  | 'channelsStop';

/** What requests that are no part of a read are counted as. */
export type OtherKind = 'checks' | 'hurried' | 'watch';

/**
 * Counts a request that is about to be sent.
 *
 * @param kind of a request that is part of a read, or what it was for
 */
export async function countRequest(db: Db, customerId: string, kind: RequestKind | OtherKind): Promise<void> {
  await db.query(
    `insert into request_counts as counted (customer_id, kind, count) values ($1, $2, 1)
     on conflict (customer_id, kind) do update set count = counted.count + 1`,
    [customerId, kind],
  );
}

/** The requests sent for a customer, by kind. */
export async function readRequestCounts(db: Db, customerId: string): Promise<Record<string, bigint>> {
  const { rows } = await db.query<{ kind: string; count: bigint }>(
    `select kind, count from request_counts where customer_id = $1 order by kind`,
    [customerId],
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}
