import type { Db } from '@autoprov/postgres';

/** Notes that a caller got a secret, or something made from it: a row at the first time, a count after. */
export async function recordIssue(
  db: Db,
  issue: { caller: string; resource: string; version: bigint; time: Date },
): Promise<void> {
  await db.query(
    `insert into audit as known (caller, resource, version, first_issue_time, last_issue_time, issue_count)
     values ($1, $2, $3, $4, $4, 1)
     on conflict (caller, resource, version) do update
       set last_issue_time = excluded.last_issue_time, issue_count = known.issue_count + 1`,
    [issue.caller, issue.resource, issue.version, issue.time],
  );
}
