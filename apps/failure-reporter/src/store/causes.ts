import type { Db } from '@autoprov/postgres';
import { failureColumns, toStoredFailure, type FailureRow } from './failures.ts';
import type { StoredFailure } from '../domain/failure.ts';

/** Open failures of one cause. */
export type FoundCause = {
  causeId: string;
  failureCount: bigint;
  personCount: bigint;
  appCount: bigint;
  customerCount: bigint;
  /** When the first opened, and when one was seen last. */
  openTime: Date;
  updateTime: Date;
  /** The one that opened last. */
  example: StoredFailure;
  /** As `SetupLife.origin`, of the example's app. */
  origin: string;
};

type Row = Omit<FoundCause, 'example'> & { total: bigint; example: string };

/**
 * The causes of what is open, those of the most people first, and how many there are.
 *
 * @param customer only of this one; '': of all, and of the installation
 * @param causeId only this one; '': all
 */
export async function listCauses(
  db: Db,
  customer: string,
  limit: number,
  causeId = '',
): Promise<{ causes: FoundCause[]; total: bigint }> {
  const { rows } = await db.query<Row>(
    `with causes as (
       select cause_id, code, reason, count(*) as failures,
         count(distinct user_name) filter (where user_name <> '') as people,
         count(distinct app) filter (where app <> '') as apps,
         count(distinct customer) filter (where customer <> '') as customers,
         min(open_time) as open_time, max(update_time) as update_time
       from failures where state = 'STATE_OPEN' and ($1 = '' or customer = $1) and ($3 = '' or cause_id = $3)
       group by cause_id, code, reason
     )
     select cause_id as "causeId", failures as "failureCount", people as "personCount", apps as "appCount",
       customers as "customerCount", open_time as "openTime", update_time as "updateTime", example.name as example,
       coalesce(setups.origin, '') as origin, count(*) over () as total
     from causes
     cross join lateral (
       select name, app from failures
       where state = 'STATE_OPEN' and cause_id = causes.cause_id and code = causes.code and reason = causes.reason
         and ($1 = '' or customer = $1)
       order by open_time desc, name desc limit 1
     ) as example
     left join setups on setups.app = example.app
     order by people desc, failures desc, cause_id limit $2`,
    [customer, limit, causeId],
  );
  const examples = await findExamples(
    db,
    rows.map(({ example }) => example),
  );
  const causes = rows.flatMap((row) => {
    const example = examples.get(row.example);
    return example ? [{ ...row, example }] : [];
  });
  return { causes, total: rows[0]?.total ?? 0n };
}

async function findExamples(db: Db, names: string[]): Promise<Map<string, StoredFailure>> {
  const { rows } = await db.query<FailureRow>(`select ${failureColumns} from failures where name = any($1)`, [names]);
  return new Map(rows.map((row) => [row.name, toStoredFailure(row)]));
}
