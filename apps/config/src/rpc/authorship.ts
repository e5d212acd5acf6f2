import type { CallContext } from '@autoprov/grpc';
import type { ConfigContext } from '../context.ts';
import type { Authorship } from '../store/setups.ts';

/** By whom and for whom a call changes something; a call that names no person is a workload's by itself. */
export function authorshipOf(ctx: ConfigContext, { caller, person = '' }: CallContext): Authorship {
  return { caller, person, now: ctx.now() };
}
