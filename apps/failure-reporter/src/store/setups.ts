import type { Db } from '@autoprov/postgres';
import type { SetupLife } from '../domain/settle.ts';
import type { ListPosition } from './failures.ts';

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

/** Whether what is told of a setup changes nothing about its failures. */
const saysTheSame = `(known.ended = excluded.ended and known.create_time is not distinct from excluded.create_time
  and excluded.origin in ('', known.origin))`;

/** Stores what config told, where it is newer than what is known; those whose failures it may change are to be settled. */
export async function saveSetupLives(tx: Db, lives: SetupLife[]): Promise<void> {
  const told = [
    ...new Map(lives.toSorted((a, b) => Number(a.revision - b.revision)).map((it) => [it.app, it])).values(),
  ];
  await tx.query(
    `insert into setups as known (app, revision, ended, create_time, origin, unsettled)
     select *, exists (select from failures where failures.app = told.app)
     from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[])
       as told (app, revision, ended, create_time, origin) order by app
     on conflict (app) do update
       set revision = excluded.revision, ended = excluded.ended, create_time = excluded.create_time,
         origin = case excluded.origin when '' then known.origin else excluded.origin end,
         unsettled = case when ${saysTheSame} then known.unsettled else excluded.unsettled end,
         settled_open_time = case when ${saysTheSame} then known.settled_open_time end,
         settled_name = case when ${saysTheSame} then known.settled_name end
       where known.revision < excluded.revision`,
    [
      told.map(({ app }) => app),
      told.map(({ revision }) => revision),
      told.map(({ ended }) => ended),
      told.map(({ createTime }) => createTime ?? null),
      told.map(({ origin }) => origin),
    ],
  );
}

/** An app whose failures are still to be settled, and after which of them; undefined: from the first. */
export async function findUnsettled(db: Db): Promise<{ app: string; after: ListPosition | undefined } | undefined> {
  const { rows } = await db.query<{ app: string; openTime: Date | null; name: string }>(
    `select app, settled_open_time as "openTime", settled_name as name from setups where unsettled limit 1`,
  );
  return rows.map(({ app, openTime, name }) => ({ app, after: openTime ? { openTime, name } : undefined }))[0];
}

/** Keeps how far the failures of an app are settled; undefined: all are. */
export async function saveSettled(tx: Db, app: string, after: ListPosition | undefined): Promise<void> {
  await tx.query(`update setups set unsettled = $2, settled_open_time = $3, settled_name = $4 where app = $1`, [
    app,
    after !== undefined,
    after?.openTime,
    after?.name,
  ]);
}

/** What is known of these apps' setups, by app. */
export async function findSetupLives(db: Db, apps: string[]): Promise<Map<string, SetupLife>> {
  const { rows } = await db.query<Omit<SetupLife, 'createTime'> & { createTime: Date | null }>(
    `select app, revision, ended, create_time as "createTime", origin from setups where app = any($1)`,
    [apps],
  );
  return new Map(rows.map((row) => [row.app, { ...row, createTime: row.createTime ?? undefined }]));
}
