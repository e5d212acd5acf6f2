import type { Db } from '@autoprov/postgres';
import type { ScimUser } from '@autoprov/scim';
import type { Finding, FindingKind } from '../domain/judge-drift.ts';
import type { Account, AppKey } from '../domain/model.ts';
import { keepVersion } from './accounts.ts';
import { withoutNulls } from './without-nulls.ts';

/** Which comparison of which app. */
export type ComparisonKey = AppKey & { comparisonId: string };

/** The app of a row, as $1 and $2. */
export const key = `customer_id = $1 and app_id = $2`;

/** Values of `key`. */
export function keyOf({ customerId, appId }: AppKey): [string, string] {
  return [customerId, appId];
}

/** The same with the comparison as $3. */
export function idOf(comparison: ComparisonKey): [string, string, string] {
  return [...keyOf(comparison), comparison.comparisonId];
}

/** In the order in which they are shown. */
export const findingKinds: Record<FindingKind, number> = { drift: 1, missing: 2, unlinked: 3, orphan: 4 };

/** Adds findings; one that is there already stays. */
export async function saveFindings(tx: Db, comparison: ComparisonKey, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return;
  await tx.query(
    `insert into comparison_findings (customer_id, app_id, comparison_id, kind, scim_id, attribute, user_id, user_name,
       accepted, found, modified_at, external_id_origin, repair)
     select $1, $2, $3, (f->>'kind')::int, f->>'scimId', f->>'attribute', f->>'userId', f->>'userName', f->'accepted',
       f->'found', (f->>'modifiedAt')::timestamptz, f->>'externalIdOrigin', f->>'repair'
     from jsonb_array_elements($4) as f
     on conflict do nothing`,
    [...idOf(comparison), JSON.stringify(findings.map((one) => ({ ...one, kind: findingKinds[one.kind] })))],
  );
}

/** Linked accounts that the list did not show and that were linked before it was asked for, in pages of `limit`. */
export async function listUnseen(
  db: Db,
  comparison: ComparisonKey & { begunAt?: Date },
  limit: number,
): Promise<{ userId: string; scimId: string; userName: string }[]> {
  const { rows } = await db.query<{ userId: string; scimId: string; userName: string }>(
    `select user_id as "userId", scim_id as "scimId", left(coalesce(accepted->>'userName', ''), 500) as "userName"
     from accounts
     where ${key} and state in ('active', 'suspended') and known_at < $4 and write_begun_at is null
       and not exists (select from surveyed_accounts as s where s.survey_id = $3 and s.scim_id = accounts.scim_id)
       and not exists (select from comparison_findings as f where f.customer_id = $1 and f.app_id = $2
         and f.comparison_id = $3 and f.kind = ${findingKinds.missing} and f.scim_id = accounts.scim_id)
     order by user_id limit $5`,
    [...idOf(comparison), comparison.begunAt, limit],
  );
  return rows;
}

/** How many accounts have been found missing so far. */
export async function countMissing(db: Db, comparison: ComparisonKey): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from comparison_findings
     where ${key} and comparison_id = $3 and kind = ${findingKinds.missing}`,
    idOf(comparison),
  );
  return rows[0]!.count;
}

/**
 * Adds the accounts that no link names. Who has such an account's externalId as id, or its user name or address, is whom it
 * looks like. One that was deleted and only put aside is ours.
 */
export async function saveUnlinked(tx: Db, comparison: ComparisonKey): Promise<void> {
  await tx.query(
    `insert into comparison_findings (customer_id, app_id, comparison_id, kind, scim_id, attribute, user_id, user_name)
     select $1, $2, $3, case when person.user_id is null then ${findingKinds.orphan} else ${findingKinds.unlinked} end,
       s.scim_id, '', person.user_id, s.user_name
     from surveyed_accounts as s left join lateral (
       select user_id from (
         select user_id from users where customer_id = $1 and user_id = s.external_id and not deleted
         union all select user_id from users
           where customer_id = $1 and lower(primary_email) = lower(s.user_name) and not deleted
         union all select user_id from users
           where customer_id = $1 and lower(primary_email) = any(s.emails) and not deleted) as found
       limit 1) as person on true
     where s.survey_id = $3 and not exists (
       select from accounts where accounts.customer_id = $1 and accounts.app_id = $2 and accounts.scim_id = s.scim_id
         and (state in ('active', 'suspended') or lower(coalesce(s.resource->>'active', 'true')) = 'false'))
     on conflict do nothing`,
    idOf(comparison),
  );
}

/** Has people whose account is missing decided again: what was accepted last is no longer relied on. */
export async function wakeMissing(tx: Db, comparison: ComparisonKey, now: Date): Promise<void> {
  await tx.query(
    `with woken as (
       update accounts set write_begun_at = $4, due_at = $4
       from comparison_findings as f
       where f.customer_id = $1 and f.app_id = $2 and f.comparison_id = $3 and f.kind = ${findingKinds.missing}
         and accounts.customer_id = $1 and accounts.app_id = $2 and accounts.user_id = f.user_id
         and accounts.scim_id = f.scim_id and state in ('active', 'suspended') and write_begun_at is null
       returning f.scim_id)
     update comparison_findings set repair = 'due'
     where ${key} and comparison_id = $3 and kind = ${findingKinds.missing} and scim_id in (select scim_id from woken)`,
    [...idOf(comparison), now],
  );
}

/** A page of what a comparison has found. */
export async function listFindings(
  db: Db,
  comparison: ComparisonKey,
  after: { kind: number; scimId: string; attribute: string },
  limit: number,
): Promise<Finding[]> {
  const { rows } = await db.query<Omit<Finding, 'kind'> & { kind: number }>(
    `select kind, scim_id as "scimId", attribute, user_id as "userId", user_name as "userName", accepted, found,
       modified_at as "modifiedAt", external_id_origin as "externalIdOrigin", repair
     from comparison_findings
     where ${key} and comparison_id = $3 and (kind, scim_id, attribute) > ($4, $5, $6)
     order by kind, scim_id, attribute limit $7`,
    [...idOf(comparison), after.kind, after.scimId, after.attribute, limit],
  );
  const names = Object.keys(findingKinds) as FindingKind[];
  return rows.map((row) => ({ ...withoutNulls(row), kind: names[row.kind - 1]! }));
}

/** The attributes of some people that a comparison had changed back with this revision of the setup, by user id. */
export async function findRepaired(
  db: Db,
  app: AppKey & { revision: bigint },
  userIds: readonly string[],
): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ userId: string; attributes: string[] }>(
    `select user_id as "userId", array_agg(attribute) as attributes from repaired_attributes
     where ${key} and user_id = any($3) and setup_revision = $4 group by user_id`,
    [...keyOf(app), userIds, app.revision],
  );
  return new Map(rows.map(({ userId, attributes }) => [userId, attributes]));
}

/** Remembers which of a person's attributes are changed back, and no others. */
export async function saveRepaired(
  tx: Db,
  app: AppKey & { revision: bigint },
  userId: string,
  attributes: readonly string[],
): Promise<void> {
  await tx.query(`delete from repaired_attributes where ${key} and user_id = $3`, [...keyOf(app), userId]);
  await tx.query(
    `insert into repaired_attributes (customer_id, app_id, user_id, attribute, setup_revision)
     select $1, $2, $3, attribute, $5 from unnest($4::text[]) as attribute`,
    [...keyOf(app), userId, attributes, app.revision],
  );
}

/** Forgets what a comparison has found, or some kinds of it. */
export async function deleteFindings(
  tx: Db,
  comparison: ComparisonKey,
  kinds: readonly number[] = Object.values(findingKinds),
): Promise<void> {
  await tx.query(`delete from comparison_findings where ${key} and comparison_id = $3 and kind = any($4)`, [
    ...idOf(comparison),
    kinds,
  ]);
}
/** The account is not as accepted, but as it was found: the person is decided again at once, if nothing was written meanwhile. */
export async function saveFound(
  tx: Db,
  app: AppKey,
  { userId, acceptedDigest }: Account,
  found: { state: 'active' | 'suspended'; accepted: ScimUser; acceptedDigest: string },
  now: Date,
): Promise<void> {
  const isUnchanged = `accepted_digest is not distinct from $5 and write_begun_at is null and state in ('active', 'suspended')`;
  await tx.query(
    `with superseded as (${keepVersion('$4', isUnchanged)})
     update accounts set state = $6, accepted = $7, accepted_digest = $8, known_at = $4, due_at = $4
     where customer_id = $1 and app_id = $2 and user_id = $3 and ${isUnchanged}`,
    [...keyOf(app), userId, now, acceptedDigest ?? null, found.state, found.accepted, found.acceptedDigest],
  );
}
