import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type DeleteSetupRequest, type DeleteSetupResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { savePendingRevocation } from '../store/pending-revocations.ts';
import { saveRemoval } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { notRevoked, revokeDeleted } from './delete-warnings.ts';
import { lockSetup } from './lock-setup.ts';
import { checkSetupWrite, parseSetupName, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function deleteSetup(
  ctx: ConfigContext,
  request: DeleteSetupRequest,
  call: CallContext,
): Promise<DeleteSetupResponse> {
  refuseViolations(checkSetupWrite(request));
  return writeOnce(
    ctx,
    call,
    ConfigServiceService.deleteSetup,
    request,
    async (tx): Promise<DeleteSetupResponse> => {
      const { app } = await lockSetup(tx, request, 'STALE_DELETE_UNCONFIGURED');
      if (request.validateOnly) return { warnings: [] };
      await saveRemoval(tx, app, { appRemoved: false }, authorshipOf(ctx, call));
      await savePendingRevocation(tx, app);
      // What a repeat is told if this process ends before the broker has answered.
      return { warnings: [notRevoked()] };
    },
    async () => ({ warnings: await revokeDeleted(ctx, parseSetupName(request.name)!, call) }),
  );
}
