import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup_State,
  type DeactivateSetupRequest,
  type DeactivateSetupResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { authorshipOf } from './authorship.ts';
import { changeState } from './change-state.ts';
import { lockSetup } from './lock-setup.ts';
import { checkSetupWrite, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function deactivateSetup(
  ctx: ConfigContext,
  request: DeactivateSetupRequest,
  call: CallContext,
): Promise<DeactivateSetupResponse> {
  refuseViolations(checkSetupWrite(request));
  return writeOnce(ctx, call, ConfigServiceService.deactivateSetup, request, async (tx) => {
    const stored = await lockSetup(tx, request, 'STALE_SETUP_MISSING');
    const change = { state: ProvisioningSetup_State.STATE_INACTIVE, validateOnly: request.validateOnly };
    return { setup: await changeState(tx, stored, change, authorshipOf(ctx, call)) };
  });
}
