import type { Db } from '@autoprov/postgres';

/** Whose facts share one order. */
export type SubjectKey = { source: string; subject: string };

/** A row of `subjects`. */
export type SubjectSeq = SubjectKey & { about: string; seq: bigint; seenTime: Date };

/**
 * The highest seqs seen of these subjects. Locks each subject until the transaction ends, seen before or not, so that
 * two replicas that both think they own a partition fold one after the other.
 */
export async function lockSubjects(tx: Db, keys: SubjectKey[]): Promise<SubjectSeq[]> {
  const values = [keys.map(({ source }) => source), keys.map(({ subject }) => subject)];
  await tx.query(
    `insert into subjects (source, subject, about, seq, seen_time)
     select source, subject, '', 0, clock_timestamp()
     from unnest($1::text[], $2::text[]) as key (source, subject) order by source, subject
     on conflict (source, subject, about) do update set seq = subjects.seq`,
    values,
  );
  // Read in a second statement: only that sees what the transaction we may have waited for has written.
  const { rows } = await tx.query<SubjectSeq>(
    `select source, subject, about, seq, seen_time as "seenTime" from subjects
     where (source, subject) in (select * from unnest($1::text[], $2::text[]))`,
    values,
  );
  return rows;
}

/** Stores the highest seqs of locked subjects. */
export async function upsertSubjects(tx: Db, subjects: SubjectSeq[]): Promise<void> {
  await tx.query(
    `insert into subjects (source, subject, about, seq, seen_time)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
     on conflict (source, subject, about) do update set seq = excluded.seq, seen_time = excluded.seen_time`,
    [
      subjects.map(({ source }) => source),
      subjects.map(({ subject }) => subject),
      subjects.map(({ about }) => about),
      subjects.map(({ seq }) => seq),
      subjects.map(({ seenTime }) => seenTime),
    ],
  );
}

/** Forgets subjects that were last heard of before this time. */
export async function deleteOldSubjects(db: Db, before: Date): Promise<void> {
  await db.query(`delete from subjects where seen_time < $1`, [before]);
}
