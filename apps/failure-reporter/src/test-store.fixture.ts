import { randomBytes } from 'node:crypto';
import { toCloudEvent, type ConsumedBatch, type PublicEvent } from '@autoprov/kafka';
import { connect, migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import type { ReporterContext } from './context.ts';
import { migrationsDir } from './server.ts';

/** The service's schema in a database of its own, without the service. */
export async function createTestStore() {
  const database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'failure-reporter', migrationsDir });
  const logger = createLogger({ service: 'test', level: 'fatal' });
  const url = roleUrl(database.url, 'failure-reporter');
  const pool = connect({ url, schema: 'failure-reporter', applicationName: 'test', logger });
  /** What its parts need that call no other service. */
  const ctx = { pool, now: () => new Date(), logger, wakePublishing: () => {} } as unknown as ReporterContext;
  return {
    pool,
    ctx,
    url,
    async drop(): Promise<void> {
      await pool.end();
      await database.drop();
    },
  };
}

/** Events of one topic as a consumer gets them. */
export function toBatch(events: PublicEvent[]): ConsumedBatch {
  const origin = { installationId: 'test', service: 'scim-pusher' };
  const records = events.map((event, offset) => {
    const { key, value, headers } = toCloudEvent(origin, event);
    return { key, value, headers, offset: String(offset), timestampMs: 0 };
  });
  return { topic: toCloudEvent(origin, events[0]!).topic, partition: 0, records };
}

/** A subject that can be read, and that no index of PostgreSQL takes: 8 kB that cannot be compressed. */
export const tooLongToIndex = `customers/acme/${randomBytes(8000).toString('base64url')}`;
