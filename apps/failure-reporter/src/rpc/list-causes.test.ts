import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PublicEvent } from '@autoprov/kafka';
import { inTransaction } from '@autoprov/postgres';
import { ListCausesRequest, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import type { SetupLife } from '../domain/settle.ts';
import { ingestBatch } from '../ingest.ts';
import { settleSetups } from '../settle-failures.ts';
import { saveSetupLives } from '../store/setups.ts';
import { OPERATOR, TELL_AFTER_MS } from '../domain/alert.ts';
import { tellOfCauses } from '../tell-of-causes.ts';
import { createTestStore, toBatch } from '../test-store.fixture.ts';
import { startWebhookReceiver } from '../webhook-receiver.fixture.ts';
import { listCauses } from './list-causes.ts';
import { listFailures } from './list-failures.ts';

const APPS = 300;
const FAILURES = 40_000;
const BATCH_SIZE = 2000;
const startMs = Date.UTC(2026, 0, 1);
let store: Awaited<ReturnType<typeof createTestStore>>;
let ctx: ReporterContext;

beforeAll(async () => {
  store = await createTestStore();
  ctx = store.ctx;
});
afterAll(() => store?.drop());

const appOf = (i: number) => `customers/c${i % 100}/apps/app${Math.floor((i % APPS) / 100)}`;
/** Five ways to fail, each told in other words for each person. */
const causes: ((i: number) => Pick<Outcome, 'code' | 'reason' | 'detail' | 'httpStatus'>)[] = [
  (i) => ({
    code: '45006',
    reason: 'VALUE_TOO_LONG',
    detail: `userName "person${i}@x.test" is over 64`,
    httpStatus: 400,
  }),
  (i) => ({ code: '45003', reason: 'DUPLICATE', detail: `user p${i}@x.test exists as id ${i}`, httpStatus: 409 }),
  (i) => ({ code: '45003', reason: 'LICENSE_LIMIT', detail: `no seats: ${i} of ${i} used`, httpStatus: 403 }),
  () => ({
    code: '45016',
    reason: 'MISSING_REQUIRED',
    detail: "Required attribute 'title' is missing",
    httpStatus: 400,
  }),
  (i) => ({ code: '45003', reason: 'NOT_FOUND', detail: `Resource ${i}-abc not found`, httpStatus: 404 }),
];

function failed(i: number): PublicEvent {
  const user = `${appOf(i).split('/apps/')[0]}/users/${i}`;
  const result = Outcome_Result.RESULT_FAILED;
  const message: Outcome = {
    ...Outcome.fromPartial({ app: appOf(i), user, seq: 1n, action: Outcome_Action.ACTION_CREATE, result, attempt: 1 }),
    occurTime: new Date(startMs + i),
    ...causes[i % 5]!(i),
  };
  return { kind: 'outcome', message };
}

test('40,000 failures of 300 apps for five causes are five lines, whoever told of the setups first', async () => {
  const now = new Date(startMs + FAILURES);
  for (let from = 0; from < FAILURES; from += BATCH_SIZE) {
    const events = Array.from({ length: BATCH_SIZE }, (_, i) => failed(from + i));
    await ingestBatch({ ...store.ctx, now: () => now }, toBatch(events));
    // Half of the failures came before it was known of which template their apps are.
    if (from === FAILURES / 2) await tellSetups(now);
  }
  const { causes: found, totalSize } = await listCauses(ctx, ListCausesRequest.fromPartial({ parent: 'customers/-' }));
  expect(totalSize).toBe(5n);
  expect(found.map(({ failureCount }) => failureCount)).toEqual(Array(5).fill(8000n));
  expect(found.map(({ pattern }) => pattern).toSorted()).toEqual([
    'Required attribute … is missing',
    'Resource … not found',
    'no seats: … of … used',
    'user … exists as id …',
    'userName … is over …',
  ]);
  const long = found.find(({ reason }) => reason === 'VALUE_TOO_LONG')!;
  expect(long).toMatchObject({
    origin: 'templates/slack',
    code: '45006',
    personCount: 8000n,
    appCount: 60n,
    customerCount: 20n,
    openTime: new Date(startMs),
    whoActs: 'Workspace admin',
    nextCommand: `autoprov failures --cause ${long.causeId}`,
    example: { code: '45006', causeId: long.causeId },
  });

  const filter = { app: '', user: '', code: '', reason: '', states: [], causeId: long.causeId };
  const page = await listFailures(ctx, {
    parent: 'customers/c0',
    filter: { ...filter, openStartTime: undefined, openEndTime: undefined },
    pageSize: 1000,
    pageToken: '',
  });
  expect(page.failures).toHaveLength(400);
  expect(new Set(page.failures.map(({ causeId }) => causeId))).toEqual(new Set([long.causeId]));
});

test('the operator is told of each of the five causes once, however often it is looked, and no customer is', async () => {
  const customers = Array.from({ length: 100 }, (_, i) => `customers/c${i}`);
  const receiver = await startWebhookReceiver([OPERATOR, ...customers]);
  try {
    for (let pass = 0; pass < 4; pass++) {
      const now = () => new Date(startMs + FAILURES + pass * TELL_AFTER_MS);
      await tellOfCauses({ ...ctx, now }, receiver.webhooks, new AbortController().signal);
    }
    expect(receiver.received).toHaveLength(5);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(5);
    for (const { recipient, type, data } of receiver.received) {
      expect({ recipient, type }).toEqual({ recipient: OPERATOR, type: 'autoprov.cause.opened' });
      expect(data).toMatchObject({ failureCount: '8000', origin: 'templates/slack' });
    }
  } finally {
    await receiver.stop();
  }
});

test('causes of one customer count that customer alone', async () => {
  const { causes: found } = await listCauses(ctx, ListCausesRequest.fromPartial({ parent: 'customers/c5' }));
  expect(found).toMatchObject([{ failureCount: 400n, customerCount: 1n }]);
  expect(found[0]!.nextCommand).toMatch(/ --customer c5$/);
});

async function tellSetups(now: Date): Promise<void> {
  const told = Array.from({ length: APPS }, (_, i): SetupLife => {
    return { app: appOf(i), revision: 1n, ended: '', createTime: new Date(startMs - 1000), origin: 'templates/slack' };
  });
  await inTransaction(store.pool, (tx) => saveSetupLives(tx, told));
  await settleSetups({ ...store.ctx, now: () => now }, new AbortController().signal);
}
