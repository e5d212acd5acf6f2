import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConsumedBatch } from '@autoprov/kafka';
import type { ReporterContext } from './context.ts';
import { ingestBatch } from './ingest.ts';
import { replayParked } from './replay-parked.ts';
import { listParkedEvents } from './store/parked-events.ts';
import { createTestStore } from './test-store.fixture.ts';

let store: Awaited<ReturnType<typeof createTestStore>>;
let ctx: ReporterContext;

beforeAll(async () => {
  store = await createTestStore();
  ctx = { pool: store.pool, now: () => new Date(), wakePublishing: () => {} } as unknown as ReporterContext;
});
afterAll(() => store?.drop());

function unreadable(partition: number, offset: number): ConsumedBatch {
  const record = { key: 'x', value: Buffer.from('no JSON'), headers: {}, offset: String(offset), timestampMs: 0 };
  return { topic: 'autoprov.outcomes.v1', partition, records: [record] };
}

test('what cannot be read stays parked, of whichever partition it is', async () => {
  for (const partition of [0, 1, 2]) await ingestBatch(store.pool, unreadable(partition, 7), new Date());
  expect(await replayParked(ctx, [])).toEqual({ replayedCount: 0, unreadableCount: 3 });
  const { events } = await listParkedEvents(store.pool, 10, 10);
  expect(events.map(({ partition, offset }) => `${partition}/${offset}`).toSorted()).toEqual(['0/7', '1/7', '2/7']);
});
