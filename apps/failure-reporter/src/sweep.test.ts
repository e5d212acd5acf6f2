import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PublicEvent } from '@autoprov/kafka';
import { Check, Outcome, Outcome_Result } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import { ingestBatch } from './ingest.ts';
import { saveMute } from './store/mutes.ts';
import { sweep } from './sweep.ts';
import { createTestStore, toBatch } from './test-store.fixture.ts';

const DAY_MS = 24 * 3_600_000;
let store: Awaited<ReturnType<typeof createTestStore>>;
let ctx: ReporterContext;

beforeAll(async () => {
  store = await createTestStore();
  ctx = { ...store.ctx, relay: { wake() {}, drained: async () => {}, stop: async () => {} } };
});
afterAll(() => store?.drop());

let seq = 0n;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
function outcome(userId: string, result: Outcome_Result, occurTime: Date): PublicEvent {
  seq += 1n;
  const fields = { app: 'customers/acme/apps/crm', user: `customers/acme/users/${userId}`, code: '45003' };
  return { kind: 'outcome', message: Outcome.fromPartial({ ...fields, seq, result, occurTime }) };
}
const failed = (userId: string, time: Date) => outcome(userId, Outcome_Result.RESULT_FAILED, time);
const accepted = (userId: string, time: Date) => outcome(userId, Outcome_Result.RESULT_ACCEPTED, time);

async function ingest(...events: PublicEvent[]): Promise<void> {
  await ingestBatch(ctx, toBatch(events));
}
async function statesByUser() {
  const { rows } = await store.pool.query<{ name: string; user: string; state: string }>(
    `select name, right(user_name, 1) as user, state from failures order by user_name`,
  );
  return rows;
}
const states = async () => (await statesByUser()).map(({ user, state }) => `${user} ${state}`);

test('what ended 30 days ago is forgotten; what is dismissed goes on failing, and is dismissed when it fails again', async () => {
  await ingest(
    failed('1', daysAgo(50)),
    failed('2', daysAgo(50)),
    failed('3', daysAgo(50)),
    accepted('3', daysAgo(45)),
  );
  const { name } = (await statesByUser())[0]!;
  const dismissal = { source: 'failure-reporter', subject: name, seq: 1n, occurTime: daysAgo(40), passed: true };
  await ingest({ kind: 'check', message: Check.fromPartial({ ...dismissal, detail: 'may stay' }) });
  const kept = ['1 STATE_DISMISSED', '2 STATE_OPEN'];
  expect(await states()).toEqual([...kept, '3 STATE_RESOLVED']);

  await sweep(ctx, new AbortController().signal);
  expect(await states()).toEqual(kept);
  const { rows } = await store.pool.query<{ value: Buffer | null }>(`select value from outbox`);
  expect(rows).toEqual([{ value: null }]);
  await ingest(failed('1', daysAgo(0)));
  expect(await states()).toEqual(kept);
});

test('whatever there is to forget is forgotten in one go, in pages', async () => {
  await store.pool.query(
    `insert into subjects select 'scim-pusher', 'old' || i, '', 1, now() - interval '31 days' from generate_series(1, 2500) as i`,
  );
  await sweep(ctx, new AbortController().signal);
  expect((await store.pool.query(`select from subjects where subject like 'old%'`)).rowCount).toBe(0);
});

test('a mute that has ended is forgotten, and no other', async () => {
  const mute = (causeId: string, endTime: Date) =>
    saveMute(store.pool, { recipient: 'customers/acme', causeId, endTime, note: 'known' });
  await mute('ended', daysAgo(1));
  await mute('lasting', daysAgo(-1));
  await sweep(ctx, new AbortController().signal);
  const { rows } = await store.pool.query<{ causeId: string }>(`select cause_id as "causeId" from mutes`);
  expect(rows).toEqual([{ causeId: 'lasting' }]);
});
