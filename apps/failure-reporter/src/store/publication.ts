import type { Db } from '@autoprov/postgres';
import { failure_StateFromJSON } from '@autoprov/proto';
import type { DueFailure, Publication } from '../domain/publication.ts';
import { failureColumns, toStoredFailure, type FailureRow } from './failures.ts';

/** Failures that changed since they were published, or whose address is to be asked for again, oldest change first. */
export async function findDueFailures(db: Db, now: Date, limit: number): Promise<DueFailure[]> {
  const { rows } = await db.query<FailureRow & { publishedSeq: bigint; publishedState: string | null }>(
    `select ${failureColumns}, published_seq as "publishedSeq", published_state as "publishedState" from failures
     where published_seq < seq or email_retry_time <= $1
     order by update_time limit $2`,
    [now, limit],
  );
  return rows.map(({ publishedSeq, publishedState, ...row }) => ({
    ...toStoredFailure(row),
    publishedSeq,
    publishedState: publishedState === null ? undefined : failure_StateFromJSON(publishedState),
  }));
}

/** Stores what was decided; answers the names of those that had not changed meanwhile. */
export async function savePublications(tx: Db, publications: Publication[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ name: string }>(
    `with decided as (
       select * from jsonb_to_recordset($1) as decided (name text, "readSeq" bigint, seq bigint, "primaryEmail" text,
         "emailRetryTime" timestamptz, published boolean)
     ), unchanged as (
       select failures.name from failures join decided on failures.name = decided.name and failures.seq = "readSeq"
       order by failures.name for update of failures
     )
     update failures set
       seq = decided.seq, primary_email = "primaryEmail", email_retry_time = "emailRetryTime",
       published_seq = case when published then decided.seq else published_seq end,
       published_state = case when published then state else published_state end
     from decided join unchanged using (name)
     where failures.name = decided.name and failures.seq = "readSeq"
     returning failures.name`,
    [JSON.stringify(publications, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))],
  );
  return new Set(rows.map(({ name }) => name));
}
