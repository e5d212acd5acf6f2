import type { Db } from '@autoprov/postgres';

/** Something that a caller was refused. */
export type Refusal = {
  caller: string;
  resource: string;
  /** Of the secret; 0: there is none. */
  version: bigint;
  /** A name of autoprov.error.v1.ErrorReason without its prefix. */
  reason: string;
  time: Date;
};

/** Notes a refusal: a row at the first for each caller, resource, version and reason, a count after. */
export async function recordRefusal(db: Db, { caller, resource, version, reason, time }: Refusal): Promise<void> {
  await db.query(
    `insert into audit_refusals as known (caller, resource, version, reason, first_time, last_time, count)
     values ($1, $2, $3, $4, $5, $5, 1)
     on conflict (caller, resource, version, reason) do update
       set last_time = excluded.last_time, count = known.count + 1`,
    [caller, resource, version, reason, time],
  );
}
