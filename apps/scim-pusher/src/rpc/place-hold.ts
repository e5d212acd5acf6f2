import type { CallContext } from '@autoprov/grpc';
import type { PlaceHoldRequest, PlaceHoldResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { saveHold } from '../store/holds.ts';
import { actorOf } from './actor.ts';
import { presentHold, readHoldParent, readReason, readWhat } from './hold-messages.ts';

/** Stored in PostgreSQL, where every replica looks each second before it writes: Kafka has no part in it. */
export async function placeHold(
  ctx: PusherContext,
  { parent, what, reason }: PlaceHoldRequest,
  call: Pick<CallContext, 'caller' | 'person'>,
): Promise<PlaceHoldResponse> {
  const hold = {
    parent: readHoldParent(parent),
    what: readWhat(what),
    reason: readReason(reason),
    placedBy: actorOf(call),
    placedAt: ctx.now(),
  };
  await saveHold(ctx.pool, hold);
  return { hold: presentHold(hold) };
}
