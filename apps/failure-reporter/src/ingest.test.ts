import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PublicEvent } from '@autoprov/kafka';
import { connect } from '@autoprov/postgres';
import { Check, Failure_State, Outcome, Outcome_Result } from '@autoprov/proto';
import { ingestBatch } from './ingest.ts';
import { resolveParked } from './park.ts';
import { replayParked } from './replay-parked.ts';
import { anyFailure, listFailures } from './store/failures.ts';
import { listParkedEvents } from './store/parked-events.ts';
import { createTestStore, toBatch, tooLongToIndex } from './test-store.fixture.ts';

let store: Awaited<ReturnType<typeof createTestStore>>;

beforeEach(async () => {
  store = await createTestStore();
});
afterEach(() => store.drop());

let seq = 0n;
function failed(userId: string, detail = 'taken'): PublicEvent {
  const app = 'customers/acme/apps/crm';
  const fields = { app, user: `customers/acme/users/${userId}`, occurTime: new Date(), code: '45003', detail };
  seq += 1n;
  return { kind: 'outcome', message: Outcome.fromPartial({ ...fields, seq, result: Outcome_Result.RESULT_FAILED }) };
}
function failedCheck(subject: string): PublicEvent {
  seq += 1n;
  const fields = { source: 'test', subject, seq, occurTime: new Date(), passed: false, code: '17003' };
  return { kind: 'check', message: Check.fromPartial(fields) };
}

async function openFailures(): Promise<string[]> {
  const found = await listFailures(store.pool, { ...anyFailure, states: [Failure_State.STATE_OPEN], limit: 100 });
  return found.map(({ user, customer, reason }) => user || customer || reason).toSorted();
}
const parked = async () => (await listParkedEvents(store.pool, 10, 10)).events;
/** Not to be parsed, and told so in words that hold it. */
const unreadable = () => {
  const batch = toBatch([failed('1')]);
  return { ...batch, records: batch.records.map((it) => ({ ...it, key: 'a\0b', value: Buffer.from('\0 no JSON') })) };
};

test('a message with U+0000 in a field, its key or instead of JSON is parked, and those beside it are taken in', async () => {
  const batch = toBatch([failed('1'), failed('2', 'a\0b'), failed('3')]);
  expect(await ingestBatch(store.ctx, batch)).toEqual({ appliedCount: 2, staleCount: 0, parkedCount: 1 });
  const [event] = await parked();
  expect(event).toMatchObject({ offset: '1', error: 'detail holds U+0000, which cannot be stored' });

  expect(await ingestBatch(store.ctx, unreadable())).toMatchObject({ parkedCount: 1 });
  expect((await parked()).find(({ key }) => key === 'a\uFFFDb')?.value?.toString()).toBe('\0 no JSON');
  expect(await openFailures()).toEqual(['EVENT_UNREADABLE', 'customers/acme/users/1', 'customers/acme/users/3']);
});

test('a message that crashes three processes is parked, and its partition goes on', async () => {
  const batch = toBatch([failedCheck('customers/one'), failedCheck(tooLongToIndex), failedCheck('customers/two')]);
  await expect(ingestBatch(store.ctx, batch)).rejects.toThrow(/index row/);
  await expect(ingestBatch(store.ctx, batch)).rejects.toThrow(/index row/);
  expect(await parked()).toEqual([]);
  expect(await openFailures()).toEqual(['customers/one']);

  expect(await ingestBatch(store.ctx, batch)).toEqual({ appliedCount: 1, staleCount: 1, parkedCount: 1 });
  expect(await parked()).toMatchObject([{ offset: '1', error: expect.stringMatching(/^crashed 3 times: index row/) }]);
  expect(await openFailures()).toEqual(['EVENT_CRASHED', 'customers/one', 'customers/two']);
});

test('what another transaction stands in the way of is no crash of the message, however often', async () => {
  const url = new URL(store.url);
  url.searchParams.set('options', '-c lock_timeout=20ms');
  const { logger } = store.ctx;
  const impatient = connect({ url: url.href, schema: 'failure-reporter', applicationName: 'test', logger });
  await store.pool.onOneConnection(async (other) => {
    await other.query('begin');
    await other.query('lock table subjects');
    for (let i = 0; i < 4; i++) {
      await expect(ingestBatch({ ...store.ctx, pool: impatient }, toBatch([failed('1')]))).rejects.toThrow(
        /lock timeout/,
      );
    }
    await other.query('rollback');
  });
  await impatient.end();
  expect(await parked()).toEqual([]);
  expect((await store.pool.query('select from event_crashes')).rowCount).toBe(0);
});

test('12005 is open while something is parked, whatever the clocks of replicas say', async () => {
  await ingestBatch(store.ctx, unreadable());
  await resolveParked(store.pool, new Date());
  expect(await openFailures()).toEqual(['EVENT_UNREADABLE']);

  await store.pool.query(`delete from parked_events`);
  await replayParked({ ...store.ctx, now: () => new Date(Date.now() + 3_600_000) }, []);
  expect(await openFailures()).toEqual([]);
  await ingestBatch(store.ctx, unreadable());
  expect(await openFailures()).toEqual(['EVENT_UNREADABLE']);
});
