import type { CallContext } from '@autoprov/grpc';
import type { ConfigContext } from '../context.ts';
import type { Authorship } from '../store/setups.ts';

/** By whom and for whom a call changes something. Calls name no person yet, so that is empty. */
export function authorshipOf(ctx: ConfigContext, { caller }: CallContext): Authorship {
  return { caller, person: call.person ?? '', now: ctx.now() };
}
