import type { Db } from '@autoprov/postgres';
import { appNameOf, type AppKey } from '../domain/model.ts';

/** What a hold keeps back. */
export type HoldWhat = 'removals' | 'writes';

/** What somebody has stopped; `parent`: of an app, of a customer, or `customers/-` for all. */
export type Hold = { parent: string; what: HoldWhat; reason: string; placedBy: string; placedAt: Date };

const columns = `parent, what, reason, placed_by as "placedBy", placed_at as "placedAt"`;

/** Holds that apply to one of these parents, the widest first. */
export async function findHolds(db: Db, parents: readonly string[]): Promise<Hold[]> {
  const { rows } = await db.query<Hold>(
    `select ${columns} from holds where parent = any($1) order by length(parent), parent, what desc`,
    [parents],
  );
  return rows;
}

/** All holds there are. */
export async function listHolds(db: Db): Promise<Hold[]> {
  const { rows } = await db.query<Hold>(`select ${columns} from holds order by length(parent), parent, what desc`);
  return rows;
}

/** What holds for an app can have as their parent. */
export function holdParents(app: AppKey): string[] {
  return ['customers/-', `customers/${app.customerId}`, appNameOf(app)];
}

/** Places a hold, or replaces what an earlier one says. */
export async function saveHold(db: Db, { parent, what, reason, placedBy, placedAt }: Hold): Promise<void> {
  await db.query(
    `insert into holds (parent, what, reason, placed_by, placed_at) values ($1, $2, $3, $4, $5)
     on conflict (parent, what) do update
       set reason = excluded.reason, placed_by = excluded.placed_by, placed_at = excluded.placed_at`,
    [parent, what, reason, placedBy, placedAt],
  );
}

/** Ends a hold; false: there was none. */
export async function deleteHold(db: Db, parent: string, what: HoldWhat): Promise<boolean> {
  const { rowCount } = await db.query(`delete from holds where parent = $1 and what = $2`, [parent, what]);
  return rowCount > 0;
}
