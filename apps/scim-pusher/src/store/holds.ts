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

/** A hold, and who ended it when; undefined: nobody yet. */
export type PastHold = Hold & { supersededAt?: Date; supersededBy?: string };

/** The holds of these parents that were in effect within a time, the oldest first. */
export async function listHoldsWithin(
  db: Db,
  parents: readonly string[],
  { from, to }: { from: Date; to: Date },
): Promise<PastHold[]> {
  const { rows } = await db.query<Hold & { supersededAt: Date | null; supersededBy: string | null }>(
    `select ${columns}, superseded_at as "supersededAt", superseded_by as "supersededBy" from (
       select * from past_holds union all select *, null, null from holds
     ) all_holds
     where parent = any($1) and placed_at <= $3 and (superseded_at is null or superseded_at >= $2)
     order by placed_at`,
    [parents, from, to],
  );
  return rows.map(({ supersededAt, supersededBy, ...hold }) => ({
    ...hold,
    ...(supersededAt && { supersededAt }),
    ...(supersededBy && { supersededBy }),
  }));
}

/** What holds for an app can have as their parent. */
export function holdParents(app: AppKey): string[] {
  return ['customers/-', `customers/${app.customerId}`, appNameOf(app)];
}

/** Places a hold, or replaces what an earlier one says. */
export async function saveHold(db: Db, { parent, what, reason, placedBy, placedAt }: Hold): Promise<void> {
  await db.query(
    `with superseded as (${keepPast('$5', '$4')})
     insert into holds (parent, what, reason, placed_by, placed_at) values ($1, $2, $3, $4, $5)
     on conflict (parent, what) do update
       set reason = excluded.reason, placed_by = excluded.placed_by, placed_at = excluded.placed_at`,
    [parent, what, reason, placedBy, placedAt],
  );
}

/** Ends a hold; false: there was none. */
export async function deleteHold(
  db: Db,
  { parent, what }: Pick<Hold, 'parent' | 'what'>,
  { by, at }: { by: string; at: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with superseded as (${keepPast('$4', '$3')}) delete from holds where parent = $1 and what = $2`,
    [parent, what, by, at],
  );
  return rowCount > 0;
}

/** Keeps the hold of $1 and $2 as it is before the statement. */
function keepPast(at: string, by: string): string {
  return `insert into past_holds (parent, what, reason, placed_by, placed_at, superseded_at, superseded_by)
    select parent, what, reason, placed_by, placed_at, ${at}, ${by} from holds where parent = $1 and what = $2`;
}
