import type { Db } from '@autoprov/postgres';
import type { Judgement } from '../domain/settle.ts';

/** Stores what was said, where it is newer than what is known. */
export async function saveJudgements(tx: Db, judgements: Judgement[]): Promise<void> {
  for (const { failure, seq, dismissed, note, time } of judgements) {
    await tx.query(
      `insert into judgements as known (failure, seq, dismissed, note, judge_time) values ($1, $2, $3, $4, $5)
       on conflict (failure) do update set
         seq = excluded.seq, dismissed = excluded.dismissed, note = excluded.note, judge_time = excluded.judge_time
       where known.seq < excluded.seq`,
      [failure, seq, dismissed, note, time],
    );
  }
}

/** What was last said of these failures, by name. */
export async function findJudgements(db: Db, failures: string[]): Promise<Map<string, Judgement>> {
  const { rows } = await db.query<Judgement>(
    `select failure, seq, dismissed, note, judge_time as time from judgements where failure = any($1)`,
    [failures],
  );
  return new Map(rows.map((row) => [row.failure, row]));
}

/** Forgets what was said before this time of failures that are forgotten, at most `limit`; answers how many. */
export async function deleteOldJudgements(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from judgements where ctid = any(array(
       select ctid from judgements
       where judge_time < $1 and not exists (select from failures where name = failure) limit $2))`,
    [before, limit],
  );
  return rowCount;
}
