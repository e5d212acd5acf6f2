import type { Db } from '@autoprov/postgres';

/** A check of the error model: what was checked, and for what. */
export type CheckKey = {
  /** `installation`, `customers/{customer}` or `customers/{customer}/apps/{app}`. */
  subject: string;
  code: string;
};

/** A check that fails for the customer or app `holder`. */
export type FailedCheck = CheckKey & { holder: string; reason: string };

/**
 * Notes that a check fails for its holder. Answers the seq to publish it with; undefined: it was published for the same
 * reason within the last hour.
 */
export async function saveFailed(
  tx: Db,
  { holder, subject, code, reason }: FailedCheck,
  now: Date,
): Promise<bigint | undefined> {
  // Locks the check even where it changes nothing, so that nobody finds it without holders meanwhile.
  const { rows } = await tx.query<{ seq: bigint }>(
    `insert into checks as known (subject, code, reason, failing, seq, publish_time)
     values ($1, $2, $3, true, (extract(epoch from clock_timestamp()) * 1000000)::bigint, $4)
     on conflict (subject, code) do update
       set reason = excluded.reason, failing = true, publish_time = excluded.publish_time,
           seq = greatest(known.seq + 1, excluded.seq)
       where not known.failing or known.reason <> excluded.reason
          or known.publish_time <= excluded.publish_time - interval '1 hour'
     returning seq`,
    [subject, code, reason, now],
  );
  await tx.query(`insert into check_holders (holder, subject, code) values ($1, $2, $3) on conflict do nothing`, [
    holder,
    subject,
    code,
  ]);
  return rows[0]?.seq;
}

/** The checks that fail for a holder, but those with the codes of `except`; in the order in which they are to be locked. */
export async function listFailed(db: Db, holder: string, except: readonly string[] = []): Promise<CheckKey[]> {
  const { rows } = await db.query<CheckKey>(
    `select subject, code from check_holders where holder = $1 and code <> all($2::text[]) order by subject, code`,
    [holder, except],
  );
  return rows;
}

/** Notes that a check passes for its holder. Answers the seq to publish that with; undefined: it fails for others. */
export async function savePassed(
  tx: Db,
  { holder, subject, code }: Omit<FailedCheck, 'reason'>,
  now: Date,
): Promise<bigint | undefined> {
  // A statement of its own, so that the next ones see what the lock was waited for.
  await tx.query(`select from checks where subject = $1 and code = $2 for update`, [subject, code]);
  await tx.query(`delete from check_holders where holder = $1 and subject = $2 and code = $3`, [holder, subject, code]);
  const { rows } = await tx.query<{ seq: bigint }>(
    `update checks set failing = false, publish_time = $3,
       seq = greatest(seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
     where subject = $1 and code = $2 and failing
       and not exists (select from check_holders where subject = $1 and code = $2)
     returning seq`,
    [subject, code, now],
  );
  return rows[0]?.seq;
}

/** The holders of a failing check that was last published before a time: as long as they ask it is, every hour. */
export async function listSilentHolders(db: Db, code: string, before: Date): Promise<string[]> {
  const { rows } = await db.query<{ holder: string }>(
    `select holder from check_holders join checks using (subject, code)
     where code = $1 and failing and publish_time < $2`,
    [code, before],
  );
  return rows.map(({ holder }) => holder);
}
