import type { Db } from '@autoprov/postgres';
import {
  failure_ScopeFromJSON,
  failure_ScopeToJSON,
  failure_StateFromJSON,
  failure_StateToJSON,
  outcome_ActionFromJSON,
  Outcome_Action,
  outcome_ActionToJSON,
  type Failure_State,
} from '@autoprov/proto';
import type { KeptFailure, StoredFailure } from '../domain/failure.ts';
import type { SubjectKey } from './subjects.ts';

/** Where in the order of a list a failure is. */
export type ListPosition = { openTime: Date; name: string };

/** Which failures to list; an empty string, ACTION_UNSPECIFIED or an absent value: any. */
export type FailureQuery = {
  customer: string;
  app: string;
  user: string;
  code: string;
  reason: string;
  causeId: string;
  action: Outcome_Action;
  /** Opened then or later; undefined: whenever. */
  openStartTime: Date | undefined;
  /** Opened before; undefined: whenever. */
  openEndTime: Date | undefined;
  states: Failure_State[];
  /** Only what comes after this one, newest first. */
  after?: ListPosition | undefined;
  limit: number;
};

/** What a query without a filter asks for. */
export const anyFailure = {
  customer: '',
  app: '',
  user: '',
  code: '',
  reason: '',
  causeId: '',
  action: Outcome_Action.ACTION_UNSPECIFIED,
  openStartTime: undefined,
  openEndTime: undefined,
};

/** The columns of a StoredFailure, for `select` and `returning`. */
export const failureColumns = `
  name, seq, state, scope, customer, app, user_name as "user", primary_email as "primaryEmail", source, subject, action,
  code, reason, detail, http_status as "httpStatus", scim_type as "scimType", retryable, attempt,
  next_attempt_time as "nextAttemptTime", open_time as "openTime", update_time as "updateTime",
  resolve_time as "resolveTime", trace_id as "traceId", state_reason as "stateReason", note, cause_id as "causeId"`;

/** A row with `failureColumns`. */
export type FailureRow = Omit<StoredFailure, 'state' | 'scope' | 'action'> & {
  state: string;
  scope: string;
  action: string;
};

export function toStoredFailure(row: FailureRow): StoredFailure {
  return {
    ...row,
    state: failure_StateFromJSON(row.state),
    scope: failure_ScopeFromJSON(row.scope),
    action: outcome_ActionFromJSON(row.action),
    nextAttemptTime: row.nextAttemptTime ?? undefined,
    resolveTime: row.resolveTime ?? undefined,
  };
}

/** All failures of these subjects, open and ended. */
export async function findFailuresOfSubjects(db: Db, keys: SubjectKey[]): Promise<StoredFailure[]> {
  const { rows } = await db.query<FailureRow>(
    `select found.* from unnest($1::text[], $2::text[]) as key (source, subject),
       lateral (select ${failureColumns} from failures
                where failures.source = key.source and failures.subject = key.subject offset 0) as found`,
    [keys.map(({ source }) => source), keys.map(({ subject }) => subject)],
  );
  return rows.map(toStoredFailure);
}

/** These failures, locked. */
export async function lockFailures(tx: Db, names: string[]): Promise<StoredFailure[]> {
  const { rows } = await tx.query<FailureRow>(
    `select ${failureColumns} from failures where name = any($1) order by name for update`,
    [names],
  );
  return rows.map(toStoredFailure);
}

/** Stores failures as they are now; their address and what the topic holds of them stay. */
export async function upsertFailures(tx: Db, failures: KeptFailure[]): Promise<void> {
  if (failures.length === 0) return;
  // In the order of their names, as every writer of several rows does, so that two never wait for each other.
  await tx.query(
    `insert into failures (name, seq, state, scope, customer, app, user_name, source, subject, action, code, reason,
       detail, http_status, scim_type, retryable, attempt, next_attempt_time, open_time, update_time, resolve_time,
       trace_id, state_reason, note, cause_id)
     select name, seq, state, scope, customer, app, "user", source, subject, action, code, reason,
       detail, "httpStatus", "scimType", retryable, attempt, "nextAttemptTime", "openTime", "updateTime", "resolveTime",
       "traceId", "stateReason", note, "causeId"
     from jsonb_to_recordset($1) as failure (name text, seq bigint, state text, scope text, customer text, app text,
       "user" text, source text, subject text, action text, code text, reason text, detail text, "httpStatus" integer,
       "scimType" text, retryable boolean, attempt integer, "nextAttemptTime" timestamptz, "openTime" timestamptz,
       "updateTime" timestamptz, "resolveTime" timestamptz, "traceId" text, "stateReason" text, note text,
       "causeId" text)
     order by name
     on conflict (name) do update set
       seq = excluded.seq, state = excluded.state, action = excluded.action, detail = excluded.detail,
       http_status = excluded.http_status, scim_type = excluded.scim_type, retryable = excluded.retryable,
       attempt = excluded.attempt, next_attempt_time = excluded.next_attempt_time, open_time = excluded.open_time,
       update_time = excluded.update_time, resolve_time = excluded.resolve_time, trace_id = excluded.trace_id,
       state_reason = excluded.state_reason, note = excluded.note, cause_id = excluded.cause_id`,
    [JSON.stringify(failures.map(toJsonRow))],
  );
}

function toJsonRow(failure: KeptFailure) {
  return {
    ...failure,
    seq: String(failure.seq),
    state: failure_StateToJSON(failure.state),
    scope: failure_ScopeToJSON(failure.scope),
    action: outcome_ActionToJSON(failure.action),
  };
}

export async function findFailure(db: Db, name: string): Promise<StoredFailure | undefined> {
  const { rows } = await db.query<FailureRow>(`select ${failureColumns} from failures where name = $1`, [name]);
  return rows[0] && toStoredFailure(rows[0]);
}

/** Newest first, by open time and name. */
export async function listFailures(db: Db, query: FailureQuery): Promise<StoredFailure[]> {
  const { after, limit } = query;
  const wanted: [condition: string, value: unknown][] = [
    ['customer =', query.customer],
    ['app =', query.app],
    ['user_name =', query.user],
    ['code =', query.code],
    ['reason =', query.reason],
    ['cause_id =', query.causeId],
    ['action =', query.action === Outcome_Action.ACTION_UNSPECIFIED ? '' : outcome_ActionToJSON(query.action)],
    ['open_time >=', query.openStartTime ?? ''],
    ['open_time <', query.openEndTime ?? ''],
  ];
  const conditions = wanted.filter(([, value]) => value !== '');
  const values = [...conditions.map(([, value]) => value), limit, ...(after ? [after.openTime, after.name] : [])];
  const limitAt = conditions.length + 1;
  const where = conditions.map(([condition], i) => ` and ${condition} $${i + 1}`).join('');
  const position = after ? ` and (open_time, name) < ($${limitAt + 1}, $${limitAt + 2})` : '';
  const order = `order by open_time desc, name desc limit $${limitAt}`;
  // State by state: the index of one of the filters then gives each in order, and a page by it costs a page.
  const ofStates = query.states.map(
    (state) => `(select * from failures where state = '${failure_StateToJSON(state)}'${where}${position} ${order})`,
  );
  const { rows } = await db.query<FailureRow>(
    `select ${failureColumns} from (${ofStates.join(' union all ')}) as failures ${order}`,
    values,
  );
  return rows.map(toStoredFailure);
}

/**
 * Deletes what ended before this time and has not failed since, at most `limit`; answers the names. What is dismissed
 * has not ended: its dismissal holds until it is resolved.
 */
export async function deleteEndedFailures(tx: Db, before: Date, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `delete from failures where name in
       (select name from failures where resolve_time < $1 and update_time < $1 and state <> 'STATE_DISMISSED'
        order by name limit $2 for update skip locked)
     returning name`,
    [before, limit],
  );
  return rows.map(({ name }) => name);
}

/** How many failures are open, by code. */
export async function countOpenFailures(db: Db): Promise<{ code: string; count: number }[]> {
  const { rows } = await db.query<{ code: string; count: number }>(
    `select code, count(*)::int as count from failures where state = 'STATE_OPEN' group by code`,
  );
  return rows;
}
