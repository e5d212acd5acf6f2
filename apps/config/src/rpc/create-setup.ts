import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  parseAppName,
  ProvisioningSetup,
  ScimProfile,
  type CreateSetupRequest,
  type CreateSetupResponse,
} from '@autoprov/proto';
import { checkNewSetup } from '../checks/before-save.ts';
import type { ConfigContext } from '../context.ts';
import { checkForTemplate } from '../domain/check-for-template.ts';
import { checkSetup } from '../domain/check-setup.ts';
import { newSetup } from '../domain/setup.ts';
import { lockApp } from '../store/apps.ts';
import { findCustomer } from '../store/customers.ts';
import { cancelPendingRevocation } from '../store/pending-revocations.ts';
import { findSetup, saveSetup } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { notFoundError, staleError } from './errors.ts';
import { templateOf } from './template-of.ts';
import { checkAppName, checkRequestId, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function createSetup(
  ctx: ConfigContext,
  request: CreateSetupRequest,
  call: CallContext,
): Promise<CreateSetupResponse> {
  const { parent, validateOnly } = request;
  const wanted = request.setup ?? ProvisioningSetup.fromPartial({});
  refuseViolations([
    ...checkAppName('parent', parent),
    ...checkRequestId(request.requestId),
    ...checkSetup(wanted, ctx.allowedHosts),
  ]);
  const key = parseAppName(parent)!;
  const checks = await checkNewSetup(ctx, call, key, wanted);
  return writeOnce(ctx, call, ConfigServiceService.createSetup, request, async (tx) => {
    const app = await lockApp(tx, key);
    if (!app) throw notFoundError(parent, 'install the app first');
    const name = `${parent}/setup`;
    if (!checks || (await findSetup(tx, key))) throw existsError(name);
    const template = templateOf(ctx, app);
    const defaults = (await findCustomer(tx, app.customerId))?.setupDefaults;
    const setup = newSetup(name, wanted, { template, defaults, now: ctx.now() });
    refuseViolations(checkForTemplate(setup, { template, defaults, allowedHosts: ctx.allowedHosts }));
    if (validateOnly) return { setup, checks };
    await cancelPendingRevocation(tx, key);
    const scim = template.scim ?? ScimProfile.fromPartial({});
    return { setup: await saveSetup(tx, key, { setup, scim }, authorshipOf(ctx, call)), checks };
  });
}

function existsError(name: string) {
  return staleError('STALE_SETUP_EXISTS', `${name} exists already: read it, and update it if it should differ`, {
    setup: name,
  });
}
