import type { Db } from '@autoprov/postgres';
import type { StoredPart } from './customers.ts';

/** A time in which a part was not read whole. */
export type ReadGap = StoredPart & { knownTime: Date | null; startTime: Date; endTime: Date | null };

/** Begins or continues the gaps of parts that a read, or an addition to one, did not have whole. */
export async function saveReadGaps(
  tx: Db,
  customerId: string,
  parts: readonly StoredPart[],
  endTime: Date,
): Promise<void> {
  if (parts.length === 0) return;
  await tx.query(
    `insert into read_gaps (customer_id, part, known_time, start_time, code, detail)
     select $1, part,
       case when part = 'users' then (select whole_users_time from customers where customer_id = $1)
         else (select whole_time from interests where customer_id = $1 and kind = 'group' and 'groups/' || name = part) end,
       $3, code, detail
     from jsonb_to_recordset($2) as given (part text, code text, detail text)
     on conflict (customer_id, part) where end_time is null
       do update set code = excluded.code, detail = excluded.detail`,
    [customerId, JSON.stringify(parts), endTime],
  );
}

/** Ends the gaps of all other parts, and forgets those that ended before `forgetBefore`. */
export async function endReadGaps(
  tx: Db,
  customerId: string,
  {
    incompleteParts,
    endTime,
    forgetBefore,
  }: { incompleteParts: readonly StoredPart[]; endTime: Date; forgetBefore: Date },
): Promise<void> {
  await tx.query(
    `update read_gaps set end_time = $2 where customer_id = $1 and end_time is null and part <> all ($3)`,
    [customerId, endTime, incompleteParts.map(({ part }) => part)],
  );
  await tx.query(`delete from read_gaps where customer_id = $1 and end_time < $2`, [customerId, forgetBefore]);
}

/** Gaps that overlap a time, by start. */
export async function listReadGaps(
  db: Db,
  customerId: string,
  { startTime, endTime, limit }: { startTime: Date; endTime: Date; limit: number },
): Promise<ReadGap[]> {
  const { rows } = await db.query<ReadGap>(
    `select part, known_time as "knownTime", start_time as "startTime", end_time as "endTime", code, detail
     from read_gaps where customer_id = $1 and start_time <= $3 and (end_time is null or end_time > $2)
     order by start_time, part limit $4`,
    [customerId, startTime, endTime, limit],
  );
  return rows;
}
