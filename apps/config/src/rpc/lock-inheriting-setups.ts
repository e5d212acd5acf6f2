import type { Db } from '@autoprov/postgres';
import type { SetupDefaults } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { AppKey } from '../domain/app-key.ts';
import { checkForTemplate } from '../domain/check-for-template.ts';
import type { Violation } from '../domain/check-setup.ts';
import { effectiveSetup } from '../domain/effective-setup.ts';
import { asksTheSame } from '../domain/setup.ts';
import { lockApps, type App } from '../store/apps.ts';
import { listCustomerSetups, type StoredSetup } from '../store/setups.ts';
import { appName } from './present.ts';
import { refuseViolations } from './violations.ts';

/** A customer's defaults, and what they are to be. */
type DefaultsChange = { before: SetupDefaults | undefined; after: SetupDefaults | undefined };

/**
 * The customer's setups that new defaults change, in the order of the apps' ids; nobody else can change any setup of the
 * customer until the transaction ends. Needs the customer locked. Throws when an app cannot do what it would take over.
 */
export async function lockInheritingSetups(
  ctx: ConfigContext,
  tx: Db,
  customerId: string,
  change: DefaultsChange,
): Promise<(AppKey & StoredSetup)[]> {
  const apps = new Map((await lockApps(tx, customerId)).map((app) => [app.appId, app]));
  const changed = (await listCustomerSetups(tx, customerId)).filter(
    ({ setup }) => !asksTheSame(effectiveSetup(setup, change.before), effectiveSetup(setup, change.after)),
  );
  refuseViolations(changed.flatMap((stored) => checkInheriting(ctx, apps.get(stored.appId)!, stored, change)));
  return changed;
}

/** What the new defaults ask of an app that the old ones did not, and that it cannot do. */
function checkInheriting(
  { templates, allowedHosts }: ConfigContext,
  app: App,
  { setup }: StoredSetup,
  { before, after }: DefaultsChange,
): Violation[] {
  const template = templates.get(app.template);
  if (!template) return [];
  const check = (defaults: SetupDefaults | undefined) => checkForTemplate(setup, { template, defaults, allowedHosts });
  const known = new Set(check(before).map(({ field }) => field));
  return check(after)
    .filter(({ field }) => !known.has(field))
    .map(({ field, description }) => ({
      field: field.replace(/^setup/, 'customer.setup_defaults'),
      description: `of ${appName(app)} ${description}`,
    }));
}
