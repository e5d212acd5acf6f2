import type { Db } from '@autoprov/postgres';
import type { ProvisioningSetup, ScimProfile } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import { profileFromDocument, profileToDocument, setupFromDocument, setupToDocument } from './documents.ts';
import type { Document } from './documents.ts';
import { takeRevision } from './revision-counter.ts';
import { insertRevision } from './setup-revisions.ts';

/** A setup with the profile that its template had when it was made. */
export type StoredSetup = { setup: ProvisioningSetup; scim: ScimProfile };

/** The last change of one app: `stored` absent: no setup. */
export type SetupChange = AppKey & { revision: bigint; stored: StoredSetup | undefined; appRemoved: boolean };

/** By whom something is changed, and when. */
export type Authorship = { caller: string; now: Date };

type Row = AppKey & { revision: bigint; document: Document | null; profile: Document | null; appRemoved: boolean };

const columns = `customer_id as "customerId", app_id as "appId", revision, document, scim_profile as profile, app_removed as "appRemoved"`;

/** The app's setup; undefined: there is none. */
export async function findSetup(db: Db, { customerId, appId }: AppKey): Promise<StoredSetup | undefined> {
  const { rows } = await db.query<Row>(`select ${columns} from setups where customer_id = $1 and app_id = $2`, [
    customerId,
    appId,
  ]);
  return rows[0] && toChange(rows[0]).stored;
}

/** The last changes of at most `limit` apps whose revisions come after `since`, in the order of revisions. */
export async function listSetupChanges(db: Db, since: bigint, limit: number): Promise<SetupChange[]> {
  const { rows } = await db.query<Row>(`select ${columns} from setups where revision > $1 order by revision limit $2`, [
    since,
    limit,
  ]);
  return rows.map(toChange);
}

/** Stores a setup under the next revision. Needs the app locked. Returns it as stored. */
export async function saveSetup(
  tx: Db,
  app: AppKey,
  { setup, scim }: StoredSetup,
  { caller, now }: Authorship,
): Promise<ProvisioningSetup> {
  const revision = await takeRevision(tx);
  const stamped = { ...setup, etag: String(revision), revision, updateTime: now };
  const document = setupToDocument(stamped);
  const change = { revision, document, profile: profileToDocument(scim), appRemoved: false };
  await saveChange(tx, app, change, { caller, now });
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
  await saveChange(tx, app, { revision, document: null, profile: null, appRemoved }, by);
}

type Change = { revision: bigint; document: string | null; profile: string | null; appRemoved: boolean };

async function saveChange(tx: Db, app: AppKey, change: Change, by: Authorship): Promise<void> {
  const { revision, document, profile, appRemoved } = change;
  await tx.query(
    `insert into setups (customer_id, app_id, revision, document, scim_profile, app_removed)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (customer_id, app_id) do update
       set revision = excluded.revision, document = excluded.document,
           scim_profile = excluded.scim_profile, app_removed = excluded.app_removed`,
    [app.customerId, app.appId, revision, document, profile, appRemoved],
  );
  await insertRevision(tx, { ...app, revision, document, caller: by.caller, createTime: by.now });
}

function toChange({ document, profile, ...row }: Row): SetupChange {
  const stored = document && profile && { setup: setupFromDocument(document), scim: profileFromDocument(profile) };
  return { ...row, stored: stored ?? undefined };
}
