import { ScimProfile, type ProvisioningSetup } from '@autoprov/proto';
import type { Subject } from '../checks/subject.ts';
import type { ConfigContext } from '../context.ts';
import type { AppKey } from '../domain/app-key.ts';
import { checkSetup, type Violation } from '../domain/check-setup.ts';
import { newSetup } from '../domain/setup.ts';
import { findApp } from '../store/apps.ts';
import { findCustomer } from '../store/customers.ts';
import { findSetup } from '../store/setups.ts';
import { notFoundError } from './errors.ts';
import { appName } from './present.ts';
import { templateOf } from './template-of.ts';

/**
 * What is to be looked at: a draft as it would be stored, with what is wrong with it in itself, else the stored setup.
 * Throws when there is neither.
 */
export async function readSubject(
  ctx: ConfigContext,
  key: AppKey,
  draft: ProvisioningSetup | undefined,
): Promise<{ subject: Subject; violations: Violation[] }> {
  const [app, stored, customer] = await Promise.all([
    findApp(ctx.pool, key),
    findSetup(ctx.pool, key),
    findCustomer(ctx.pool, key.customerId),
  ]);
  if (!app) throw notFoundError(appName(key), 'install the app first');
  const name = `${appName(key)}/setup`;
  const template = templateOf(ctx, app);
  const scim = stored?.scim ?? template.scim ?? ScimProfile.fromPartial({});
  const defaults = customer?.setupDefaults;
  if (draft) {
    const setup = newSetup(name, draft, { template, defaults, now: ctx.now() });
    const violations = checkSetup(setup, ctx.allowedHosts).map(({ field, description }) => ({
      field: field.replace(/^setup/, 'draft'),
      description,
    }));
    return { subject: { app, setup, defaults, template, scim }, violations };
  }
  if (!stored) throw notFoundError(name, 'create it, or send a draft');
  return { subject: { ...stored, app, template }, violations: [] };
}
