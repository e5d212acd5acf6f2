import type { Db } from '@autoprov/postgres';
import type { ProvisioningSetup, ScimProfile, SetupDefaults } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import { changedPaths } from '../domain/changed-paths.ts';
import {
  defaultsFromDocument,
  profileFromDocument,
  profileToDocument,
  setupFromDocument,
  setupToDocument,
} from './documents.ts';
import type { Document } from './documents.ts';
import { takeRevision } from './revision-counter.ts';
import { insertRevision } from './setup-revisions.ts';

/** A setup with the profile that its template had when it was made. */
export type StoredSetup = { setup: ProvisioningSetup; scim: ScimProfile };

/** A setup with what it takes over from its customer as of now; `defaults` undefined: nothing. */
export type FoundSetup = StoredSetup & { defaults: SetupDefaults | undefined };

/** The last change of one app: `stored` absent: no setup. */
export type SetupChange = AppKey & {
  revision: bigint;
  stored: FoundSetup | undefined;
  appRemoved: boolean;
  /** The app's template; null: the app was removed. */
  template: string | null;
};

/** By whom something is changed, for whom, and when. */
export type Authorship = {
  /** The workload. */
  caller: string;
  /** The person it asks for; empty: it asks by itself. */
  person: string;
  now: Date;
};

/** How a change came about, where it is not what somebody wrote. */
export type Occasion = {
  /** What changed, where it is not the setup itself; absent: what differs from the setup before. */
  changedPaths?: string[];
  /** The revision that was gone back to. */
  rolledBackTo?: bigint;
};

type Row = AppKey & {
  revision: bigint;
  document: Document | null;
  profile: Document | null;
  defaults: Document | null;
  appRemoved: boolean;
  template: string | null;
};

const select = `select s.customer_id as "customerId", s.app_id as "appId", s.revision, s.document,
  s.scim_profile as profile, c.setup_defaults as defaults, s.app_removed as "appRemoved", a.template
  from setups s left join customers c using (customer_id) left join apps a using (customer_id, app_id)`;

/** The app's setup; undefined: there is none. */
export async function findSetup(db: Db, { customerId, appId }: AppKey): Promise<FoundSetup | undefined> {
  const { rows } = await db.query<Row>(`${select} where s.customer_id = $1 and s.app_id = $2`, [customerId, appId]);
  return rows[0] && toChange(rows[0]).stored;
}

/** The setups of all apps of a customer, in the order of the apps' ids. */
export async function listCustomerSetups(db: Db, customerId: string): Promise<(AppKey & StoredSetup)[]> {
  const { rows } = await db.query<Row>(
    `${select} where s.customer_id = $1 and s.document is not null order by s.app_id`,
    [customerId],
  );
  return rows.map(toChange).flatMap(({ appId, stored }) => (stored ? [{ customerId, appId, ...stored }] : []));
}

/** The last changes of at most `limit` apps whose revisions come after `since`, in the order of revisions. */
export async function listSetupChanges(db: Db, since: bigint, limit: number): Promise<SetupChange[]> {
  const { rows } = await db.query<Row>(`${select} where s.revision > $1 order by s.revision limit $2`, [since, limit]);
  return rows.map(toChange);
}

/** Stores a setup under the next revision. Needs the app locked. Returns it as stored. */
export async function saveSetup(
  tx: Db,
  app: AppKey,
  { setup, scim }: StoredSetup,
  by: Authorship,
  occasion: Occasion = {},
): Promise<ProvisioningSetup> {
  const changed = occasion.changedPaths ?? changedPaths((await findSetup(tx, app))?.setup, setup);
  const revision = await takeRevision(tx);
  const stamped = { ...setup, etag: String(revision), revision, updateTime: by.now };
  const document = setupToDocument(stamped);
  const change = { revision, document, profile: profileToDocument(scim), appRemoved: false };
  await saveChange(tx, app, change, by, { changedPaths: changed, rolledBackTo: occasion.rolledBackTo ?? 0n });
  return stamped;
}

/** Stores under the next revision that the app has no setup any more, or is removed itself. Needs the app locked. */
export async function saveRemoval(
  tx: Db,
  app: AppKey,
  { appRemoved }: { appRemoved: boolean },
  by: Authorship,
): Promise<void> {
  const revision = await takeRevision(tx);
  const change = { revision, document: null, profile: null, appRemoved };
  await saveChange(tx, app, change, by, { changedPaths: [], rolledBackTo: 0n });
}

type Change = { revision: bigint; document: string | null; profile: string | null; appRemoved: boolean };

async function saveChange(
  tx: Db,
  { customerId, appId }: AppKey,
  change: Change,
  { caller, person, now }: Authorship,
  occasion: Required<Occasion>,
): Promise<void> {
  const { revision, document, profile, appRemoved } = change;
  await tx.query(
    `insert into setups (customer_id, app_id, revision, document, scim_profile, app_removed)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (customer_id, app_id) do update
       set revision = excluded.revision, document = excluded.document,
           scim_profile = excluded.scim_profile, app_removed = excluded.app_removed`,
    [customerId, appId, revision, document, profile, appRemoved],
  );
  const key = { customerId, appId };
  await insertRevision(tx, { ...key, revision, document, caller, person, createTime: now, ...occasion });
}

function toChange({ document, profile, defaults, ...row }: Row): SetupChange {
  if (!document || !profile) return { ...row, stored: undefined };
  const stored = {
    setup: setupFromDocument(document),
    scim: profileFromDocument(profile),
    defaults: defaults ? defaultsFromDocument(defaults) : undefined,
  };
  return { ...row, stored };
}
