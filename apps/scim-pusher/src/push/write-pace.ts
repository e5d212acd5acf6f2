import type { AppSetup } from '../domain/model.ts';
import type { AppWork } from '../store/apps.ts';
import { Pace } from './pace.ts';

/** Where the template says nothing. */
export const defaultRequestsPerSecond = 10;
const minBatchSize = 10;
const maxBatchSize = 200;
/** A busy process catches up with so much, so that it is no slower than the rate; more would be a burst. */
const mayLagMs = 20;

/**
 * Where an app's requests, and its writes, wait for their turn; no `writes`: its service provider sets no limit a minute. What
 * the pass before has sent counts, on whatever replica: many short ones send no more than one long one.
 */
export function pacesOf({ profile }: AppSetup, work: AppWork): { requests: Pace; writes?: Pace } {
  const perSecond = profile.maxRequestsPerSecond || defaultRequestsPerSecond;
  const requests = new Pace(perSecond, { waitMs: work.requestWaitMs, mayLagMs });
  if (profile.maxWritesPerMinute <= 0) return { requests };
  return { requests, writes: new Pace(profile.maxWritesPerMinute / 60, { waitMs: work.writeWaitMs }) };
}

/**
 * How many people are decided together: no more than are written in some seconds, so that a change of the setup, and whoever is
 * provisioned now, waits no longer at any pace.
 */
export function batchSizeOf({ profile }: AppSetup): number {
  const inTwoSeconds = 2 * (profile.maxRequestsPerSecond || defaultRequestsPerSecond);
  const inTenSeconds = profile.maxWritesPerMinute > 0 ? Math.ceil(profile.maxWritesPerMinute / 6) : Infinity;
  return Math.min(maxBatchSize, Math.max(minBatchSize, inTwoSeconds), inTenSeconds);
}
