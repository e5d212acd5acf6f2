import {
  ProvisioningSetup,
  ProvisioningSetup_State,
  ScimProfile,
  parseAppName,
  type SetupChange,
} from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';
import type { AppKey, AppSetup } from '../domain/model.ts';

type Row = { customerId: string; appId: string; revision: bigint; document: Buffer; scimProfile: Buffer | null };

/** How far config has been followed, and when it answered last. */
export async function readSetupFeed(db: Db): Promise<{ sinceRevision: bigint; answeredAt: Date }> {
  const { rows } = await db.query<{ sinceRevision: bigint; answeredAt: Date }>(
    `select since_revision as "sinceRevision", answered_at as "answeredAt" from setup_feed`,
  );
  return rows[0]!;
}

/** Stores what config answered; an older change of a setup never overwrites a newer one, and a newer ends its app's wait. */
export async function saveSetupChanges(
  tx: Db,
  changes: readonly SetupChange[],
  sinceRevision: bigint,
  now: Date,
): Promise<void> {
  for (const change of changes) await saveSetupChange(tx, change, now);
  await tx.query(
    `update setup_feed set since_revision = greatest(since_revision, $1), answered_at = clock_timestamp()`,
    [sinceRevision],
  );
}

async function saveSetupChange(tx: Db, change: SetupChange, now: Date): Promise<void> {
  const app = parseAppName(change.app);
  if (!app) throw new Error(`config answered the app name "${change.app}", which is none`);
  const { rowCount } = await tx.query(
    `with superseded as (
       insert into setup_versions (customer_id, app_id, known_at, superseded_at, revision, document, scim_profile)
       select customer_id, app_id, known_at, $8, revision, document, scim_profile from setups
       where customer_id = $1 and app_id = $2 and revision < $3
     )
     insert into setups as known (customer_id, app_id, revision, document, scim_profile, active, app_removed, known_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (customer_id, app_id) do update
       set revision = excluded.revision, document = excluded.document,
           scim_profile = excluded.scim_profile, active = excluded.active, app_removed = excluded.app_removed,
           known_at = excluded.known_at
       where known.revision < excluded.revision`,
    [
      app.customerId,
      app.appId,
      change.revision,
      change.setup ? Buffer.from(ProvisioningSetup.encode(change.setup).finish()) : null,
      change.scim ? Buffer.from(ScimProfile.encode(change.scim).finish()) : null,
      change.setup?.state === ProvisioningSetup_State.STATE_ACTIVE,
      change.appRemoved,
      now,
    ],
  );
  // What the app waits for may be what this changes: it is tried at once.
  if (rowCount === 0) return;
  await tx.query(
    `insert into apps (customer_id, app_id) values ($1, $2)
     on conflict (customer_id, app_id) do update set back_off_until = null`,
    [app.customerId, app.appId],
  );
}

/** The setup of one app; undefined: there is none. */
export async function findSetup(db: Db, { customerId, appId }: AppKey): Promise<AppSetup | undefined> {
  const { rows } = await db.query<Row>(
    `select customer_id as "customerId", app_id as "appId", revision, document, scim_profile as "scimProfile"
     from setups where customer_id = $1 and app_id = $2 and document is not null`,
    [customerId, appId],
  );
  return rows[0] && toAppSetup(rows[0]);
}

/** Whether changes are pushed. */
export function isActive({ setup }: AppSetup): boolean {
  return setup.state === ProvisioningSetup_State.STATE_ACTIVE;
}

function toAppSetup({ customerId, appId, revision, document, scimProfile }: Row): AppSetup {
  const profile = scimProfile ? ScimProfile.decode(scimProfile) : ScimProfile.fromPartial({});
  return { customerId, appId, revision, setup: ProvisioningSetup.decode(document), profile };
}
