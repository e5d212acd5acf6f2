import type { Db } from '@autoprov/postgres';

/** Whose facts share one order. */
export type SubjectKey = { source: string; subject: string };

/** A row of `subjects`. */
export type SubjectSeq = SubjectKey & { about: string; seq: bigint; seenTime: Date };

/**
 * Until the transaction ends, nobody else folds facts that are read together: those of one partition of a topic. So two
 * replicas that both think they own a partition fold one after the other.
 *
 * @param what the topic and partition, or the subject where facts come from no topic
 */
export async function lockFacts(tx: Db, what: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`failure-reporter facts ${what}`]);
}

/** The highest seqs seen of these subjects, whose facts are locked. */
export async function findSubjects(tx: Db, keys: SubjectKey[]): Promise<SubjectSeq[]> {
  // Key by key, by the index: whatever is known of the table's size, it is not read as a whole.
  const { rows } = await tx.query<SubjectSeq>(
    `select found.* from unnest($1::text[], $2::text[]) as key (source, subject),
       lateral (select source, subject, about, seq, seen_time as "seenTime" from subjects
                where source = key.source and subject = key.subject offset 0) as found`,
    [keys.map(({ source }) => source), keys.map(({ subject }) => subject)],
  );
  return rows;
}

/** Stores the highest seqs of subjects. */
export async function upsertSubjects(tx: Db, subjects: SubjectSeq[]): Promise<void> {
  if (subjects.length === 0) return;
  await tx.query(
    `insert into subjects (source, subject, about, seq, seen_time)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
       as fact (source, subject, about, seq, seen_time) order by source, subject, about
     on conflict (source, subject, about) do update set seq = excluded.seq, seen_time = excluded.seen_time
       where subjects.seq < excluded.seq`,
    [
      subjects.map(({ source }) => source),
      subjects.map(({ subject }) => subject),
      subjects.map(({ about }) => about),
      subjects.map(({ seq }) => seq),
      subjects.map(({ seenTime }) => seenTime),
    ],
  );
}

/** Forgets subjects that were last heard of before this time, at most `limit`; answers how many. */
export async function deleteOldSubjects(db: Db, before: Date, limit: number): Promise<number> {
  // One that is heard of just now is somebody else's to lock, or has a newer row, which stays.
  const { rowCount } = await db.query(
    `delete from subjects where ctid = any(array(
       select ctid from subjects where seen_time < $1 limit $2 for update skip locked))`,
    [before, limit],
  );
  return rowCount;
}
