import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type DeleteSetupRequest, type DeleteSetupResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { saveRemoval } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { lockSetup } from './lock-setup.ts';
import { checkSetupWrite, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function deleteSetup(
  ctx: ConfigContext,
  request: DeleteSetupRequest,
  call: CallContext,
): Promise<DeleteSetupResponse> {
  refuseViolations(checkSetupWrite(request));
  return writeOnce(ctx, call, ConfigServiceService.deleteSetup, request, async (tx) => {
    const { app } = await lockSetup(tx, request, 'STALE_DELETE_UNCONFIGURED');
    if (!request.validateOnly) {
      await saveRemoval(tx, app, { appRemoved: false }, authorshipOf(ctx, call));
    }
    // Bearer and basic credentials can't be revoked from here, and Google's delegation belongs to the customer.
    return { warnings: [] };
  });
}
