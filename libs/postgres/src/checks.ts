import type { Db } from './connect.ts';

/** Whether something that a service needs works. */
export type CheckState = {
  /** `installation`, `customers/{customer}` or `customers/{customer}/apps/{app}`. */
  subject: string;
  code: string;
} & ({ passed: true } | { passed: false; reason: string });

/**
 * Stores a check's result in the service's table `checks` and answers the seq to publish it with; undefined when that is not needed: it passed and did
 * not fail before, or it failed for the same reason and was published within the last hour.
 */
export async function takeCheckSeq(tx: Db, check: CheckState, now: Date): Promise<bigint | undefined> {
  if (check.passed) return takePassedSeq(tx, check, now);
  const { rows } = await tx.query<{ seq: bigint }>(
    `insert into checks as known (subject, code, reason, failing, seq, publish_time)
     values ($1, $2, $3, true, (extract(epoch from clock_timestamp()) * 1000000)::bigint, $4)
     on conflict (subject, code) do update
       set reason = excluded.reason, failing = true, publish_time = excluded.publish_time,
           seq = greatest(known.seq + 1, excluded.seq)
       where not known.failing or known.reason <> excluded.reason
          or known.publish_time <= excluded.publish_time - interval '1 hour'
     returning seq`,
    [check.subject, check.code, check.reason, now],
  );
  return rows[0]?.seq;
}

async function takePassedSeq(tx: Db, { subject, code }: CheckState, now: Date): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ seq: bigint }>(
    `update checks set failing = false, publish_time = $3,
       seq = greatest(seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
     where subject = $1 and code = $2 and failing
     returning seq`,
    [subject, code, now],
  );
  return rows[0]?.seq;
}
