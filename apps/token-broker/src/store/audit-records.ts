import type { Db } from '@autoprov/postgres';

/** A row of audit or of audit_refusals; the reason of an issue is empty. */
export type StoredAuditRecord = {
  caller: string;
  resource: string;
  version: bigint;
  reason: string;
  firstTime: Date;
  lastTime: Date;
  count: bigint;
  /** Its place in the list. */
  place: string;
};

/**
 * What was given and refused, newest first by its first time, which does not change: so that no page skips a row that is
 * counted meanwhile.
 *
 * @param customerId undefined: of all customers
 * @param after the place of the last record of the page before; undefined: from the newest on
 */
export async function listAuditRecords(
  db: Db,
  { customerId, after, limit }: { customerId: string | undefined; after: string | undefined; limit: number },
): Promise<StoredAuditRecord[]> {
  const { rows } = await db.query<StoredAuditRecord>(
    `select * from (
       select caller, resource, version, reason, first_time as "firstTime", last_time as "lastTime", count,
         lpad((extract(epoch from first_time) * 1000000)::bigint::text, 20, '0')
           || ' ' || concat_ws(' ', caller, resource, version, reason) collate "C" as place
       from (
         select caller, resource, version, '' as reason, first_issue_time as first_time, last_issue_time as last_time,
           issue_count as count
         from audit
         union all
         select caller, resource, version, reason, first_time, last_time, count from audit_refusals
       ) as every
       where $1::text is null or resource = 'customers/' || $1 or starts_with(resource, 'customers/' || $1 || '/')
     ) as placed
     where $2::text is null or place < $2
     order by place desc limit $3`,
    [customerId, after, limit],
  );
  return rows;
}
