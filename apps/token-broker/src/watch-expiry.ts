import { Gauge, type Registry } from '@autoprov/service';
import type { BrokerContext } from './context.ts';
import { listEnding } from './store/credentials.ts';

/** How many days before a credential ends somebody is told. */
const thresholds = [60, 30, 7, 1] as const;
const DAY_MS = 86_400_000;

/**
 * Counts the credentials that end soon, or have ended: `autoprov_credentials_expiring{within_days}`, and a line in the log
 * when one comes closer to its end than the next number of days. Every replica does.
 *
 * @returns one look
 */
export function createExpiryWatch(
  { pool, logger, now }: Pick<BrokerContext, 'pool' | 'logger' | 'now'>,
  registry: Registry,
): () => Promise<void> {
  const expiring = new Gauge({
    name: 'autoprov_credentials_expiring',
    help: 'Stored credentials that end within so many days, or have ended',
    labelNames: ['within_days'],
    registers: [registry],
  });
  /** By secret: the days of its last line. */
  let told = new Map<bigint, number>();
  return async () => {
    const nowMs = now().getTime();
    const ending = await listEnding(pool, new Date(nowMs + thresholds[0] * DAY_MS));
    const isWithin = (expireTime: Date, days: number) => expireTime.getTime() < nowMs + days * DAY_MS;
    for (const days of thresholds) {
      expiring.set({ within_days: days }, ending.filter(({ expireTime }) => isWithin(expireTime, days)).length);
    }
    const known = told;
    told = new Map();
    for (const { customerId, appId, version, expireTime } of ending) {
      const withinDays = thresholds.findLast((days) => isWithin(expireTime, days))!;
      told.set(version, withinDays);
      if (known.get(version) === withinDays) continue;
      logger.warn({ app: `customers/${customerId}/apps/${appId}`, expireTime, withinDays }, 'credential ends soon');
    }
  };
}
