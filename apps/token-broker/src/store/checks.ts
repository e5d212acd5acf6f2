import { takeCheckSeq, type Db } from '@autoprov/postgres';

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
  const seq = await takeCheckSeq(tx, { subject, code, passed: false, reason }, now);
  await tx.query(`insert into check_holders (holder, subject, code) values ($1, $2, $3) on conflict do nothing`, [
    holder,
    subject,
    code,
  ]);
  return seq;
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
  const { rows } = await tx.query(`select from check_holders where subject = $1 and code = $2 limit 1`, [
    subject,
    code,
  ]);
  return rows.length > 0 ? undefined : takeCheckSeq(tx, { subject, code, passed: true }, now);
}

/** The holders of a failing check that was last published before a time: as long as they ask, it is published every hour. */
export async function listSilentHolders(db: Db, code: string, before: Date): Promise<string[]> {
  const { rows } = await db.query<{ holder: string }>(
    `select holder from check_holders join checks using (subject, code)
     where code = $1 and failing and publish_time < $2`,
    [code, before],
  );
  return rows.map(({ holder }) => holder);
}
