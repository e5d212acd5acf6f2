import type { Db } from '@autoprov/postgres';

/** A part of a read that is listed by pages, and in which read. */
export type ListRead = { customerId: string; readNo: bigint; part: string };

/** How far the lists of a part have come. */
export type ListProgress = {
  /** How each list that came to its end was. */
  ended: string[];
  /** Of the list under way: how many items are merged, and the token of the next page; undefined: the first. */
  items: number;
  pageToken: string | undefined;
};

/** The part of all users; its row is there as long as a read is under way. */
export const USERS = 'users';
/** The part of users whose deletion the mirror may have missed. */
export const DELETED_USERS = 'deleted users';

/** Forgets the lists of earlier reads; a new one begins. */
export async function beginLists(
  tx: Db,
  { customerId, readNo, schemas }: Omit<ListRead, 'part'> & { schemas: string[] },
): Promise<void> {
  await deleteLists(tx, customerId);
  await tx.query(`insert into lists (customer_id, part, read_no, schemas) values ($1, $2, $3, $4)`, [
    customerId,
    USERS,
    readNo,
    schemas,
  ]);
}

/** How far a part has come in this read. */
export async function findList(db: Db, { customerId, readNo, part }: ListRead): Promise<ListProgress> {
  const { rows } = await db.query<{ ended: string[]; items: bigint; pageToken: string | null }>(
    `select ended, items, page_token as "pageToken" from lists where customer_id = $1 and part = $2 and read_no = $3`,
    [customerId, part, readNo],
  );
  const { ended = [], items = 0, pageToken } = rows[0] ?? {};
  return { ended, items: Number(items), pageToken: pageToken ?? undefined };
}

/** How far a part has come after one more page; `how` its list was is kept if that was the last one. */
export function progressAfter(
  { nextPageToken }: { nextPageToken: string | undefined },
  { ended, items, how }: Pick<ListProgress, 'ended' | 'items'> & { how: string },
): ListProgress {
  if (nextPageToken === undefined) return { ended: [...ended, how], items: 0, pageToken: undefined };
  return { ended, items, pageToken: nextPageToken };
}

/** Stores how far a part has come; give the transaction that merges the page. */
export async function moveList(
  tx: Db,
  { customerId, readNo, part }: ListRead,
  { ended, items, pageToken }: ListProgress,
): Promise<void> {
  await tx.query(
    `insert into lists (customer_id, part, read_no, ended, items, page_token)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (customer_id, part) do update
       set read_no = excluded.read_no, ended = excluded.ended, items = excluded.items,
           page_token = excluded.page_token`,
    [customerId, part, readNo, ended, items, pageToken ?? null],
  );
}

/** Forgets the lists of a customer: its read has ended. */
export async function deleteLists(tx: Db, customerId: string): Promise<void> {
  await tx.query(`delete from lists where customer_id = $1`, [customerId]);
}
