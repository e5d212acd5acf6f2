import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup_State,
  type ActivateSetupRequest,
  type ActivateSetupResponse,
} from '@autoprov/proto';
import { checkBeforeActivation } from '../checks/before-activation.ts';
import type { ConfigContext } from '../context.ts';
import { authorshipOf } from './authorship.ts';
import { changeState } from './change-state.ts';
import { lockSetup } from './lock-setup.ts';
import { checkSetupWrite, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function activateSetup(
  ctx: ConfigContext,
  request: ActivateSetupRequest,
  call: CallContext,
): Promise<ActivateSetupResponse> {
  refuseViolations(checkSetupWrite(request));
  await checkBeforeActivation(ctx, call, request);
  return writeOnce(ctx, call, ConfigServiceService.activateSetup, request, async (tx) => {
    const stored = await lockSetup(tx, request, 'STALE_ACTIVATE_UNCONFIGURED');
    const change = { state: ProvisioningSetup_State.STATE_ACTIVE, validateOnly: request.validateOnly };
    return { setup: await changeState(tx, stored, change, authorshipOf(ctx, call)) };
  });
}
