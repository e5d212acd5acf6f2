import type { Db } from '@autoprov/postgres';
import type { ProvisioningSetup, ProvisioningSetup_State } from '@autoprov/proto';
import type { App } from '../store/apps.ts';
import { saveSetup, type Authorship, type StoredSetup } from '../store/setups.ts';

/** Starts or stops pushing; a setup that is in that state already stays as it is, revision included. */
export async function changeState(
  tx: Db,
  { app, setup, scim }: StoredSetup & { app: App },
  { state, validateOnly }: { state: ProvisioningSetup_State; validateOnly: boolean },
  by: Authorship,
): Promise<ProvisioningSetup> {
  const changed = { ...setup, state };
  if (validateOnly || setup.state === state) return changed;
  return saveSetup(tx, app, { setup: changed, scim }, by);
}
