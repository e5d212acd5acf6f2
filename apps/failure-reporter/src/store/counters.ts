import type { Db } from '@autoprov/postgres';
import {
  outcome_ActionFromJSON,
  outcome_ActionToJSON,
  outcome_ResultFromJSON,
  outcome_ResultToJSON,
  type Outcome,
} from '@autoprov/proto';
import type { PushCount } from '../domain/sum-counts.ts';

/** Counts each outcome in the hour it happened. */
export async function countOutcomes(tx: Db, outcomes: Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  await tx.query(
    `insert into counters (app, hour, action, result, code, count)
     select app, date_trunc('hour', time, 'UTC'), action, result, code, count(*)
     from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])
       as outcome (app, time, action, result, code)
     group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
     on conflict (app, hour, action, result, code) do update set count = counters.count + excluded.count`,
    [
      outcomes.map(({ app }) => app),
      outcomes.map(({ occurTime }) => occurTime),
      outcomes.map(({ action }) => outcome_ActionToJSON(action)),
      outcomes.map(({ result }) => outcome_ResultToJSON(result)),
      outcomes.map(({ code }) => code),
    ],
  );
}

/** What was counted for an app in the hours from that of `start` until before `end`. */
export async function sumCounters(db: Db, app: string, start: Date, end: Date): Promise<PushCount[]> {
  const { rows } = await db.query<{ action: string; result: string; code: string; count: bigint }>(
    `select action, result, code, sum(count)::bigint as count from counters
     where app = $1 and hour >= date_trunc('hour', $2::timestamptz, 'UTC') and hour < $3
     group by action, result, code`,
    [app, start, end],
  );
  return rows.map(({ action, result, ...row }) => ({
    ...row,
    action: outcome_ActionFromJSON(action),
    result: outcome_ResultFromJSON(result),
  }));
}

/** Forgets hours before this time. */
export async function deleteOldCounters(db: Db, before: Date): Promise<void> {
  await db.query(`delete from counters where hour < $1`, [before]);
}
