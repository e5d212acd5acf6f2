import type { Pool } from '@autoprov/postgres';
import { Gauge, type Registry } from '@autoprov/service';
import type { Sealer } from './domain/sealing.ts';
import { countSealedByKey } from './store/sealed-secrets.ts';

/** Adds the metrics of this service: what each key has sealed, so that an operator knows when one can be taken away. */
export function addMetrics(registry: Registry, { pool, sealer }: { pool: Pool; sealer: Sealer }): void {
  new Gauge({
    name: 'autoprov_sealed_secrets',
    help: 'Stored secrets, by what this replica knows of the key that sealed them.',
    labelNames: ['key'] as const,
    registers: [registry],
    async collect() {
      const counts = { first: 0, other: 0, unreadable: 0 };
      for (const { keyId, count } of await countSealedByKey(pool)) counts[sealer.roleOf(keyId)] += Number(count);
      for (const [key, count] of Object.entries(counts)) this.set({ key }, count);
    },
  });
}
