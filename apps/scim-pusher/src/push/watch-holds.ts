import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { findHolds, holdParents } from '../store/holds.ts';
import { PassEndedError } from './scim-client.ts';

/** How old an answer may be: with the time of a query, a hold is in effect on every replica in less than 10 s. */
const maxAgeMs = 1_000;

/** Asked before each write is sent; throws PassEndedError when a hold forbids it. */
export type AssertNotHeld = (isRemoval: boolean) => Promise<void>;

/**
 * Looks for holds while a pass goes on. They are read from PostgreSQL alone; while that does not answer, nothing is sent.
 */
export function watchHolds(ctx: PusherContext, app: AppKey): AssertNotHeld {
  const parents = holdParents(app);
  let readAtMs = -Infinity;
  let reading: Promise<{ removals: boolean; writes: boolean }> | undefined;
  const read = async () => {
    const holds = await findHolds(ctx.pool, parents);
    const writes = holds.some(({ what }) => what === 'writes');
    return { writes, removals: writes || holds.length > 0 };
  };
  return async (isRemoval) => {
    if (!reading || performance.now() - readAtMs > maxAgeMs) {
      readAtMs = performance.now();
      reading = read();
    }
    const held = await reading;
    if (held.writes || (isRemoval && held.removals)) throw new PassEndedError();
  };
}
