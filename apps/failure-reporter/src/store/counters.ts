import type { Db } from '@autoprov/postgres';
import {
  outcome_ActionFromJSON,
  outcome_ActionToJSON,
  outcome_ResultFromJSON,
  outcome_ResultToJSON,
  type Outcome,
} from '@autoprov/proto';
import type { PushCount } from '../domain/sum-counts.ts';

const HOUR_MS = 3_600_000;

/** Counts each outcome in the hour it happened. */
export async function countOutcomes(tx: Db, outcomes: Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const rows = new Map<
    string,
    { app: string; hour: Date; action: string; result: string; code: string; count: number }
  >();
  for (const { app, occurTime, code, ...enums } of outcomes) {
    const hour = new Date(Math.floor(occurTime!.getTime() / HOUR_MS) * HOUR_MS);
    const [action, result] = [outcome_ActionToJSON(enums.action), outcome_ResultToJSON(enums.result)];
    const key = `${app} ${hour.getTime()} ${action} ${result} ${code}`;
    const row = rows.get(key);
    if (row) row.count += 1;
    else rows.set(key, { app, hour, action, result, code, count: 1 });
  }
  const counted = [...rows.values()];
  await tx.query(
    `insert into counters (app, hour, action, result, code, count)
     select * from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[])
       as counted (app, hour, action, result, code, count) order by app, hour, action, result, code
     on conflict (app, hour, action, result, code) do update set count = counters.count + excluded.count`,
    [
      counted.map(({ app }) => app),
      counted.map(({ hour }) => hour),
      counted.map(({ action }) => action),
      counted.map(({ result }) => result),
      counted.map(({ code }) => code),
      counted.map(({ count }) => count),
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

/** Forgets hours before this time, at most `limit` rows; answers how many. */
export async function deleteOldCounters(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from counters where ctid = any(array(select ctid from counters where hour < $1 limit $2))`,
    [before, limit],
  );
  return rowCount;
}
