import { Outcome_Action, Outcome_Result } from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';
import type { ScimUser } from '@autoprov/scim';
import type { AppKey } from '../domain/model.ts';
import { versioned } from './accounts.ts';

/** Why an account can't be as it was before: it is no more, it was not ours, or nothing is kept of that time. */
export type Unrestorable = 'deleted' | 'adopted' | 'unknown';

/** What one account was before a time: to be brought back to, or why it can't be. */
export type UndoTarget = { userId: string; undoTo: ScimUser | null; unrestorable: Unrestorable | null };

/**
 * The accounts of $1, $2 that accepted something since $3, with what they were before: suspended where there was none and we made
 * it. What was adopted since was the service provider's own: how it was is not known.
 */
const targets = `
  select user_id, case when is_deleted then null else undo_to end as undo_to,
    case when is_deleted then 'deleted' when undo_to is null then unrestorable end as unrestorable
  from (
    select a.user_id, a.state = 'deleted' as is_deleted,
      case
        when before.state = 'active' then before.accepted || '{"active": true}'
        when before.state = 'suspended' then before.accepted || '{"active": false}'
        when before.state = 'deleted' or made.since then a.accepted || '{"active": false}'
      end as undo_to,
      case when a.origin = 'adopted' then 'adopted' else 'unknown' end as unrestorable
    from accounts a left join lateral (
      select state, accepted from account_versions v
      where v.customer_id = a.customer_id and v.app_id = a.app_id and v.user_id = a.user_id
        and v.known_at < $3 and v.superseded_at >= $3
      order by superseded_at limit 1
    ) before on true, lateral (
      select exists (
        select from attempts t
        where t.customer_id = a.customer_id and t.app_id = a.app_id and t.user_id = a.user_id and t.attempted_at >= $3
          and t.action = ${Outcome_Action.ACTION_CREATE} and t.result = ${Outcome_Result.RESULT_ACCEPTED}) as since
    ) made
    where a.customer_id = $1 and a.app_id = $2 and a.accepted_at >= $3
      and not (a.state = 'deleted' and (before.state is null or before.state = 'deleted'))
  ) changed`;

/** A page of the accounts of an app that accepted something since a time, by user id. */
export async function listUndoTargets(
  db: Db,
  { customerId, appId }: AppKey,
  since: Date,
  { afterUserId, limit }: { afterUserId: string; limit: number },
): Promise<UndoTarget[]> {
  const { rows } = await db.query<UndoTarget>(
    `select user_id as "userId", undo_to as "undoTo", unrestorable from (${targets}) targets
     where user_id > $4 order by user_id limit $5`,
    [customerId, appId, since, afterUserId, limit],
  );
  return rows;
}

/** Who asked for an undo. */
export type Undo = { since: Date; reason: string; askedBy: string; askedAt: Date };

/** Brings the accounts back that can be, as soon as they are decided; answers how many. */
export async function saveUndo(tx: Db, app: AppKey, { since, reason, askedBy, askedAt }: Undo): Promise<bigint> {
  const { rows } = await tx.query<{ count: bigint }>(
    `with undone as (
       select user_id, undo_to from (${targets}) targets where undo_to is not null
     ), superseded as (
       insert into account_versions (customer_id, app_id, user_id, known_at, superseded_at, ${versioned})
       select customer_id, app_id, user_id, known_at, $4, ${versioned} from accounts
       where customer_id = $1 and app_id = $2 and user_id in (select user_id from undone)
     ), saved as (
       update accounts set known_at = $4, due_at = $4, undo_to = undone.undo_to, undo_at = $4,
         undo_revision = (select revision from setups where customer_id = $1 and app_id = $2)
       from undone where customer_id = $1 and app_id = $2 and accounts.user_id = undone.user_id
       returning 1
     )
     insert into undos (customer_id, app_id, asked_at, since, reason, asked_by, account_count)
     select $1, $2, $4, $3, $5, $6, count(*) from saved
     returning account_count as count`,
    [app.customerId, app.appId, since, askedAt, reason, askedBy],
  );
  return rows[0]!.count;
}

/** The undos of an app within a time, the oldest first. */
export async function listUndos(
  db: Db,
  { customerId, appId }: AppKey,
  { from, to }: { from: Date; to: Date },
): Promise<Undo[]> {
  const { rows } = await db.query<Undo>(
    `select since, reason, asked_by as "askedBy", asked_at as "askedAt" from undos
     where customer_id = $1 and app_id = $2 and asked_at >= $3 and asked_at <= $4 order by asked_at`,
    [customerId, appId, from, to],
  );
  return rows;
}
