import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConsumedBatch } from '@autoprov/kafka';
import { Check } from '@autoprov/proto';
import { ingestBatch } from './ingest.ts';
import { replayParked } from './replay-parked.ts';
import { listParkedEvents } from './store/parked-events.ts';
import { createTestStore, toBatch, tooLongToIndex } from './test-store.fixture.ts';

let store: Awaited<ReturnType<typeof createTestStore>>;

beforeAll(async () => {
  store = await createTestStore();
});
afterAll(() => store?.drop());

function unreadable(partition: number, offset: number): ConsumedBatch {
  const record = { key: 'x', value: Buffer.from('no JSON'), headers: {}, offset: String(offset), timestampMs: 0 };
  return { topic: 'autoprov.outcomes.v1', partition, records: [record] };
}

async function parkedAt(): Promise<string[]> {
  const { events } = await listParkedEvents(store.pool, 10, 10);
  return events.map(({ partition, offset }) => `${partition}/${offset}`).toSorted();
}

test('what cannot be read stays parked, of whichever partition it is', async () => {
  for (const partition of [0, 1, 2]) await ingestBatch(store.ctx, unreadable(partition, 7));
  expect(await replayParked(store.ctx, [])).toEqual({ replayedCount: 0, unreadableCount: 3 });
  expect(await parkedAt()).toEqual(['0/7', '1/7', '2/7']);
});

test('what crashes stays parked, and holds up nothing that is replayed beside it', async () => {
  const check = { source: 'test', seq: 1n, occurTime: new Date(), passed: false, code: '17003' };
  const [crashing, readable] = [tooLongToIndex, 'customers/fine'].map(
    (subject) => toBatch([{ kind: 'check', message: { ...Check.fromPartial(check), subject } }]).records[0]!.value,
  );
  await store.pool.query(`update parked_events set topic = 'autoprov.checks.v1'`);
  await store.pool.query(`update parked_events set value = case partition when 1 then $1::bytea else $2::bytea end`, [
    crashing,
    readable,
  ]);
  expect(await replayParked(store.ctx, [])).toEqual({ replayedCount: 2, unreadableCount: 1 });
  expect(await parkedAt()).toEqual(['1/7']);
  const { rows } = await store.pool.query(`select customer from failures where source = 'test'`);
  expect(rows).toEqual([{ customer: 'customers/fine' }]);
});
