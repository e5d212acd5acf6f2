import type { Db } from '@autoprov/postgres';
import { lockApp, type App } from '../store/apps.ts';
import { findSetupRevision, isDeletedSince } from '../store/setup-revisions.ts';
import { findSetup, type FoundSetup } from '../store/setups.ts';
import { staleError } from './errors.ts';
import { parseSetupName } from './violations.ts';

/** What a write says of the setup it is about. */
type SetupState = { name: string; etag: string };

/** Why there being no setup is an error, by what was to be done. */
type MissingReason = 'STALE_SETUP_MISSING' | 'STALE_ACTIVATE_UNCONFIGURED' | 'STALE_DELETE_UNCONFIGURED';

/**
 * The setup that a write is about, as it was when its etag was read; nobody else can change it until the transaction
 * ends. Throws when it is gone, also when there is a new one since, or has changed since.
 */
export async function lockSetup(
  tx: Db,
  { name, etag }: SetupState,
  missing: MissingReason,
): Promise<FoundSetup & { app: App }> {
  const key = parseSetupName(name)!;
  const app = await lockApp(tx, key);
  const stored = await findSetup(tx, key);
  if (!app || !stored) {
    throw staleError(missing, `${name} does not exist any more: read again what there is`, { setup: name });
  }
  const currentEtag = stored.setup.etag;
  if (etag !== currentEtag && (await isOfEarlierSetup(tx, app, etag))) {
    const message = `${name} was deleted and made again since etag ${etag} was read: read again what there is now`;
    throw staleError(missing, message, { setup: name, currentEtag });
  }
  if (etag !== currentEtag) {
    const message = `${name} has changed since etag ${etag} was read: read it again and repeat the change on it`;
    throw staleError('STALE_SETUP_CHANGED', message, { setup: name, currentEtag });
  }
  return { ...stored, app };
}

/** An etag is a revision in decimal. One that this app never had is of no setup at all. */
async function isOfEarlierSetup(tx: Db, app: App, etag: string): Promise<boolean> {
  if (!/^\d{1,18}$/.test(etag)) return false;
  const read = await findSetupRevision(tx, app, BigInt(etag));
  return read?.setup !== undefined && (await isDeletedSince(tx, app, read.revision));
}
