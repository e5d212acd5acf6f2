import PQueue from 'p-queue';
import type { PusherContext } from '../context.ts';
import type { AppSetup } from '../domain/model.ts';

type Pace = { perMinute: number; queue: PQueue };

/** Where the template says nothing. */
export const defaultRequestsPerSecond = 10;
const minBatchSize = 10;
const maxBatchSize = 200;
const minuteMs = 60_000;
const paces = new WeakMap<PusherContext['pool'], Map<string, Pace>>();

/**
 * Where an app's writes wait for their turn; undefined: its service provider sets no limit a minute. Passes of one app
 * share it, so that many short ones do not write more than one long one.
 */
export function writePaceOf({ pool }: PusherContext, { customerId, appId, profile }: AppSetup): PQueue | undefined {
  const perMinute = profile.maxWritesPerMinute;
  if (perMinute <= 0) return undefined;
  const ofPool = paces.get(pool) ?? new Map<string, Pace>();
  paces.set(pool, ofPool);
  const name = `${customerId}/${appId}`;
  const known = ofPool.get(name);
  if (known?.perMinute === perMinute) return known.queue;
  const pace = { perMinute, queue: createQueue(perMinute) };
  ofPool.set(name, pace);
  return pace.queue;
}

/** Even over the minute, and never more in any minute. */
function createQueue(perMinute: number): PQueue {
  const perSecond = Math.floor(perMinute / 60);
  const [interval, intervalCap] = perSecond > 0 ? [1_000, perSecond] : [Math.ceil(minuteMs / perMinute), 1];
  return new PQueue({ interval, intervalCap, strict: true });
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
