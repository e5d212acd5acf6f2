import type { Pool } from '@autoprov/postgres';
import { Gauge, type Registry } from '@autoprov/service';
import { countHeldByApp } from './store/held-actions.ts';
import { listHolds } from './store/holds.ts';

/** Registers what this service measures: what waits for somebody. */
export function addMetrics(registry: Registry, pool: Pool): void {
  new Gauge({
    name: 'scim_pusher_held_actions',
    help: 'Changes that the guard holds until somebody approves them, by app; none where nothing is held.',
    labelNames: ['customer', 'app'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { customerId, appId, held } of await countHeldByApp(pool)) {
        this.set({ customer: customerId, app: appId }, Number(held));
      }
    },
  });
  new Gauge({
    name: 'scim_pusher_holds',
    help: 'Holds that people have placed, by what they keep back.',
    labelNames: ['what'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      const holds = await listHolds(pool);
      for (const what of ['removals', 'writes'] as const) {
        this.set({ what }, holds.filter((hold) => hold.what === what).length);
      }
    },
  });
}
