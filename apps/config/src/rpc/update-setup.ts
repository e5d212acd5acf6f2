import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup,
  type UpdateSetupRequest,
  type UpdateSetupResponse,
} from '@autoprov/proto';
import { checkChangedSetup } from '../checks/before-save.ts';
import type { ConfigContext } from '../context.ts';
import { checkSetup } from '../domain/check-setup.ts';
import { asksTheSame, updatedSetup } from '../domain/setup.ts';
import { checkPaths, isChanged, pathsOf } from '../domain/update-mask.ts';
import type { App } from '../store/apps.ts';
import { saveSetup } from '../store/setups.ts';
import { lockSetup } from './lock-setup.ts';
import type { OutageReason } from './errors.ts';
import { templateOf } from './template-of.ts';
import { checkEtag, checkRequestId, checkSetupName, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function updateSetup(
  ctx: ConfigContext,
  request: UpdateSetupRequest,
  call: CallContext,
): Promise<UpdateSetupResponse> {
  const wanted = request.setup ?? ProvisioningSetup.fromPartial({});
  const paths = pathsOf(wanted, request.updateMask);
  refuseViolations([
    ...checkSetupName('setup.name', wanted.name),
    ...checkEtag('setup.etag', wanted.etag),
    ...checkRequestId(request.requestId),
    ...checkPaths(paths),
    ...checkSetup(wanted, ctx.allowedHosts).filter(({ field }) => isChanged(field, paths)),
  ]);
  const change = (current: ProvisioningSetup, app: App) => updatedSetup(current, wanted, paths, templateOf(ctx, app));
  const checks = await checkChangedSetup(ctx, call, wanted, change);
  return writeOnce(ctx, call, ConfigServiceService.updateSetup, request, async (tx) => {
    const { setup: current, scim, app } = await lockSetup(tx, wanted, 'STALE_SETUP_MISSING');
    const setup = change(current, app);
    // Once more as a whole: a part that is right by itself can contradict what is stored.
    refuseViolations(checkSetup(setup, ctx.allowedHosts).filter(({ field }) => isChanged(field, paths)));
    if (request.validateOnly || asksTheSame(setup, current)) return { setup, checks };
    return { setup: await saveSetup(tx, app, { setup, scim }, { caller: call.caller, now: ctx.now() }), checks };
  });
}

/** What could not be done when the store does not answer an update. */
export function outageReasonOf({ setup, updateMask }: UpdateSetupRequest): OutageReason {
  const paths = pathsOf(setup ?? ProvisioningSetup.fromPartial({}), updateMask);
  const allIn = (head: string) =>
    paths.length > 0 && paths.every((path) => path === head || path.startsWith(`${head}.`));
  if (allIn('attribute_mapping')) return 'UPDATE_MAPPING_FAILED';
  if (allIn('scope')) return 'UPDATE_GROUPS_FAILED';
  if (allIn('deprovisioning')) return 'UPDATE_DEPROVISIONING_FAILED';
  return 'UPDATE_FAILED';
}
