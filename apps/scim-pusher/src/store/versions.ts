import { DirectoryUser, ProvisioningSetup, ScimProfile } from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';
import type { Account, AppKey, AppSetup } from '../domain/model.ts';
import { versioned } from './accounts.ts';
import { withoutNulls } from './without-nulls.ts';

/** Something as it was from `knownAt` on, until the next version or `supersededAt`; undefined: it is so now. */
export type Version<T> = { knownAt: Date; supersededAt?: Date; value: T };

/** A time, both ends included. */
export type Period = { from: Date; to: Date };

/** No list of versions is longer; what is older than the newest so many is left out. */
const versionsMax = 5_000;
const overlaps = (from: string, to: string) =>
  `known_at <= ${to} and (superseded_at is null or superseded_at >= ${from})`;

/** A person of the directory as the pusher knew them within a time, the oldest first. */
export async function listUserVersions(
  db: Db,
  customerId: string,
  userId: string,
  { from, to }: Period,
): Promise<Version<DirectoryUser>[]> {
  const { rows } = await db.query<Row & { document: Buffer }>(
    `select known_at as "knownAt", superseded_at as "supersededAt", document from (
       select known_at, superseded_at, document from user_versions where customer_id = $1 and user_id = $2
       union all
       select known_at, null, document from users where customer_id = $1 and user_id = $2
     ) versions
     where ${overlaps('$3', '$4')} order by known_at desc limit ${versionsMax}`,
    [customerId, userId, from, to],
  );
  return rows.toReversed().map((row) => toVersion(row, DirectoryUser.decode(row.document)));
}

/** A setup as the pusher knew it within a time, the oldest first; undefined while it was deleted. */
export async function listSetupVersions(
  db: Db,
  { customerId, appId }: AppKey,
  { from, to }: Period,
): Promise<Version<AppSetup | undefined>[]> {
  const { rows } = await db.query<Row & { revision: bigint; document: Buffer | null; scimProfile: Buffer | null }>(
    `select known_at as "knownAt", superseded_at as "supersededAt", revision, document, scim_profile as "scimProfile" from (
       select known_at, superseded_at, revision, document, scim_profile from setup_versions
       where customer_id = $1 and app_id = $2
       union all
       select known_at, null, revision, document, scim_profile from setups where customer_id = $1 and app_id = $2
     ) versions
     where ${overlaps('$3', '$4')} order by known_at desc limit ${versionsMax}`,
    [customerId, appId, from, to],
  );
  return rows.toReversed().map((row) => {
    const { revision, document, scimProfile } = row;
    if (!document) return toVersion(row, undefined);
    const profile = scimProfile ? ScimProfile.decode(scimProfile) : ScimProfile.fromPartial({});
    return toVersion(row, { customerId, appId, revision, setup: ProvisioningSetup.decode(document), profile });
  });
}

/** An account as it was; an undo held while the setup had that revision, and the person did not change after that time. */
export type AccountThen = Account & { undoRevision?: bigint; undoAt?: Date };

/** The account of one person within a time, the oldest first; nothing while there was none. */
export async function listAccountVersions(
  db: Db,
  { customerId, appId }: AppKey,
  userId: string,
  { from, to }: Period,
): Promise<Version<AccountThen>[]> {
  const { rows } = await db.query<Row & AccountThen>(
    `select known_at as "knownAt", superseded_at as "supersededAt", user_id as "userId", scim_id as "scimId", origin, state,
       accepted, accepted_digest as "acceptedDigest", keeps_external_id as "keepsExternalId", accepted_at as "acceptedAt",
       trigger, trigger_at as "triggerAt", due_at as "dueAt", undo_to as undo, undo_revision as "undoRevision",
       undo_at as "undoAt"
     from (
       select user_id, known_at, superseded_at, ${versioned} from account_versions
       where customer_id = $1 and app_id = $2 and user_id = $3
       union all
       select user_id, known_at, null, ${versioned}
       from accounts where customer_id = $1 and app_id = $2 and user_id = $3 and state <> 'none'
     ) versions
     where ${overlaps('$4', '$5')} order by known_at desc limit ${versionsMax}`,
    [customerId, appId, userId, from, to],
  );
  return rows.toReversed().map(({ knownAt, supersededAt, ...account }) => {
    return toVersion({ knownAt, supersededAt }, { ...withoutNulls(account), parked: [], attempt: 0 });
  });
}

/** Why an app failed as a whole. */
export type Down = { code: string; reason: string; detail: string };

/** When an app failed as a whole, the oldest first. */
export async function listDownTimes(
  db: Db,
  { customerId, appId }: AppKey,
  { from, to }: Period,
): Promise<Version<Down>[]> {
  const { rows } = await db.query<Row & Down>(
    `select known_at as "knownAt", superseded_at as "supersededAt", code, reason, detail from (
       select down_since as known_at, superseded_at, code, reason, detail from down_times
       where customer_id = $1 and app_id = $2
       union all
       select down_since, null, health_code, health_reason, coalesce(health_detail, '') from apps
       where customer_id = $1 and app_id = $2 and down_since is not null
     ) times
     where ${overlaps('$3', '$4')} order by known_at desc limit ${versionsMax}`,
    [customerId, appId, from, to],
  );
  return rows.toReversed().map(({ code, reason, detail, ...row }) => toVersion(row, { code, reason, detail }));
}

type Row = { knownAt: Date; supersededAt: Date | null };

function toVersion<T>({ knownAt, supersededAt }: Row, value: T): Version<T> {
  return { knownAt, ...(supersededAt && { supersededAt }), value };
}

const forgottenAtOnce = 10_000;
/** Each table of the past, and when a row of it was over. */
const past = {
  user_versions: 'superseded_at',
  setup_versions: 'superseded_at',
  account_versions: 'superseded_at',
  attempts: 'attempted_at',
  down_times: 'superseded_at',
  past_holds: 'superseded_at',
  undos: 'asked_at',
};

/** Forgets what was over before a time, some rows a statement. */
export async function forgetPast(db: Db, before: Date): Promise<void> {
  for (const [table, over] of Object.entries(past)) {
    let deleted = forgottenAtOnce;
    while (deleted === forgottenAtOnce) {
      const { rowCount } = await db.query(
        `delete from ${table} where ctid = any (array(select ctid from ${table} where ${over} < $1 limit ${forgottenAtOnce}))`,
        [before],
      );
      deleted = rowCount;
    }
  }
}
