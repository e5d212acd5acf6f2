import { outboxStatus, type Pool } from '@autoprov/postgres';
import { Counter, Gauge, type Clock, type Registry } from '@autoprov/service';
import type { Ingested } from './ingest.ts';
import { countOpenFailures } from './store/failures.ts';
import { oldestNotificationTime } from './store/notifications.ts';

/** Registers what this service measures; answers the function that counts a batch. */
export function createMetrics(registry: Registry, pool: Pool, now: Clock): (topic: string, ingested: Ingested) => void {
  const facts = new Counter({
    name: 'failure_reporter_facts_total',
    help: 'Messages read: applied, stale (come again or late), or parked because they cannot be read or crash.',
    labelNames: ['topic', 'result'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'failure_reporter_open_failures',
    help: 'Failures that are open, by code.',
    labelNames: ['code'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { code, count } of await countOpenFailures(pool)) this.set({ code }, count);
    },
  });
  new Gauge({
    name: 'failure_reporter_outbox_age_seconds',
    help: 'For how long the oldest message has waited to be published; 0: none waits.',
    registers: [registry],
    async collect() {
      this.set((await outboxStatus(pool)).oldestAgeMs / 1000);
    },
  });
  new Gauge({
    name: 'failure_reporter_notification_age_seconds',
    help: 'For how long the oldest notification has waited for its webhook to acknowledge it; 0: none waits.',
    registers: [registry],
    async collect() {
      const oldest = await oldestNotificationTime(pool);
      this.set(oldest ? Math.max(0, (now().getTime() - oldest.getTime()) / 1000) : 0);
    },
  });
  return (topic, { appliedCount, staleCount, parkedCount }) => {
    facts.inc({ topic, result: 'applied' }, appliedCount);
    facts.inc({ topic, result: 'stale' }, staleCount);
    facts.inc({ topic, result: 'parked' }, parkedCount);
  };
}
