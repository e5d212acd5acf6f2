import type { Db } from '@autoprov/postgres';
import type { SetupLife } from '../domain/settle.ts';

/** Names the lock under which what decides beside the facts is changed, or relied on. */
const LIVES_LOCK = 'failure-reporter lives';

/** Until the transaction ends, nobody changes setups or judgements. Facts are folded under it. */
export async function relyOnLives(tx: Db): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, [LIVES_LOCK]);
}

/** Until the transaction ends, nobody folds facts: none is missed by what is about to change setups or judgements. */
export async function changeLives(tx: Db): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [LIVES_LOCK]);
}

/** How far config has been followed. */
export async function readSetupFeed(db: Db): Promise<bigint> {
  const { rows } = await db.query<{ since: bigint }>(`select since_revision as since from setup_feed`);
  return rows[0]!.since;
}

export async function saveSetupFeed(tx: Db, since: bigint): Promise<void> {
  await tx.query(`update setup_feed set since_revision = greatest(since_revision, $1)`, [since]);
}

/** Stores what config told; answers whether it is newer than what was known. */
export async function saveSetupLife(tx: Db, life: SetupLife): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into setups as known (app, revision, ended, create_time, origin) values ($1, $2, $3, $4, $5)
     on conflict (app) do update
       set revision = excluded.revision, ended = excluded.ended, create_time = excluded.create_time,
           origin = case excluded.origin when '' then known.origin else excluded.origin end
       where known.revision < excluded.revision`,
    [life.app, life.revision, life.ended, life.createTime, life.origin],
  );
  return rowCount === 1;
}

/** What is known of these apps' setups, by app. */
export async function findSetupLives(db: Db, apps: string[]): Promise<Map<string, SetupLife>> {
  const { rows } = await db.query<Omit<SetupLife, 'createTime'> & { createTime: Date | null }>(
    `select app, revision, ended, create_time as "createTime", origin from setups where app = any($1)`,
    [apps],
  );
  return new Map(rows.map((row) => [row.app, { ...row, createTime: row.createTime ?? undefined }]));
}
