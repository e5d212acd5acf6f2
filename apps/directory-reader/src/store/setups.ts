import type { Db } from '@autoprov/postgres';
import type { SetupInterests } from '../domain/interests.ts';

/** A setup as far as reading goes. */
export type FollowedSetup = SetupInterests & { customerId: string; appId: string; revision: bigint; active: boolean };

/** The revision up to which config has been followed. */
export async function readCursor(db: Db): Promise<bigint> {
  const { rows } = await db.query<{ revision: bigint }>(`select revision from config_cursor`);
  return rows[0]!.revision;
}

/** Moves the cursor on; never back, whatever another replica does meanwhile. */
export async function advanceCursor(tx: Db, revision: bigint): Promise<void> {
  await tx.query(`update config_cursor set revision = greatest(revision, $1)`, [revision]);
}

/** Stores a setup unless a newer revision of it is there. */
export async function upsertSetup(tx: Db, setup: FollowedSetup): Promise<void> {
  await tx.query(
    `insert into setups as known (customer_id, app_id, revision, active, groups, schemas)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (customer_id, app_id) do update
       set revision = excluded.revision, active = excluded.active, groups = excluded.groups, schemas = excluded.schemas
       where known.revision < excluded.revision`,
    [setup.customerId, setup.appId, setup.revision, setup.active, setup.groups, setup.schemas],
  );
}

/** The groups that each app with an active setup names, by app id. */
export async function listActiveApps(db: Db, customerId: string): Promise<{ appId: string; groups: string[] }[]> {
  const { rows } = await db.query<{ appId: string; groups: string[] }>(
    `select app_id as "appId", groups from setups where customer_id = $1 and active order by app_id`,
    [customerId],
  );
  return rows;
}
