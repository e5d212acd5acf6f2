import { RpcError, status, type CallContext } from '@autoprov/grpc';
import type { ReleaseHoldRequest, ReleaseHoldResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { deleteHold } from '../store/holds.ts';
import { actorOf } from './actor.ts';
import { readHoldParent, readWhat } from './hold-messages.ts';

export async function releaseHold(
  ctx: PusherContext,
  request: ReleaseHoldRequest,
  call: Pick<CallContext, 'caller' | 'person'>,
): Promise<ReleaseHoldResponse> {
  const parent = readHoldParent(request.parent);
  const what = readWhat(request.what);
  if (!(await deleteHold(ctx.pool, { parent, what }, { by: actorOf(call), at: ctx.now() }))) {
    const message = `no hold of ${what} for ${parent}: see which there are with "autoprov holds"`;
    throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message);
  }
  ctx.wakeWorkers();
  return {};
}
