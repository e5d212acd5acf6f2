import type { CallContext } from '@autoprov/grpc';

/** Who is remembered for what a call does: the person's address, or the workload where it acts by itself. */
export function actorOf({ caller, person }: Pick<CallContext, 'caller' | 'person'>): string {
  return person ?? `workload:${caller}`;
}
