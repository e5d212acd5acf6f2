import type { Db } from '@autoprov/postgres';

/** How many stored secrets each key sealed, by the id of the key: bytes 2 to 9 of what is sealed. */
export async function countSealedByKey(db: Db): Promise<{ keyId: Buffer; count: bigint }[]> {
  const { rows } = await db.query<{ keyId: Buffer; count: bigint }>(
    `select substring(sealed from 2 for 8) as "keyId", count(*) as count
     from (
       select sealed from delegations where sealed is not null
       union all
       select sealed from credentials
     ) as every
     group by 1`,
  );
  return rows;
}
