import type { Db } from '@autoprov/postgres';

/**
 * A clock that all replicas share, at the price of one query: the database's time now, and from here on as much later
 * as this process has waited. Good for ordering observations; it does not follow CLOCK_OFFSET_MS.
 */
export async function createDatabaseClock(db: Db): Promise<() => Date> {
  const { rows } = await db.query<{ now: Date }>(`select clock_timestamp() as now`);
  const start = rows[0]!.now.getTime() - performance.now();
  return () => new Date(start + performance.now());
}
