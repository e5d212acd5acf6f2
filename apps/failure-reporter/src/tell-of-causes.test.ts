import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import type { PublicEvent } from '@autoprov/kafka';
import { Check, ListCausesRequest, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import { OPERATOR, OVER_AFTER_MS, REMIND_AFTER_MS, TELL_AFTER_MS } from './domain/alert.ts';
import { Secret } from '@autoprov/service';
import { ingestBatch } from './ingest.ts';
import { listCauses } from './rpc/list-causes.ts';
import { muteCause } from './rpc/mute-cause.ts';
import { tellOfCauses } from './tell-of-causes.ts';
import { createTestStore, toBatch } from './test-store.fixture.ts';
import { startWebhookReceiver } from './webhook-receiver.fixture.ts';

const [acme, best] = ['customers/acme', 'customers/best'];
const never = new AbortController().signal;
let store: Awaited<ReturnType<typeof createTestStore>>;
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>;
let ctx: ReporterContext;
let nowMs = 0;
let seq = 0n;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1);
  store = await createTestStore();
  receiver = await startWebhookReceiver([OPERATOR, acme, best]);
  ctx = { ...store.ctx, now: () => new Date(nowMs) };
});
afterEach(async () => {
  await receiver?.stop();
  await store?.drop();
});

const tell = () => tellOfCauses(ctx, receiver.webhooks, never);
const tellAfter = (ms: number) => {
  nowMs += ms;
  return tell();
};
/** Who was told what, in the order it was acknowledged. */
const told = () => receiver.received.filter(({ status: it }) => it < 300).map((it) => `${it.recipient} ${it.type}`);
const opened = 'autoprov.cause.opened';
const ended = 'autoprov.cause.ended';

function push(customer: string, user: string, changes: Partial<Outcome> = {}): PublicEvent {
  seq += 1n;
  const message: Outcome = {
    ...Outcome.fromPartial({ app: `${customer}/apps/crm`, user: `${customer}/users/${user}`, seq }),
    action: Outcome_Action.ACTION_CREATE,
    result: Outcome_Result.RESULT_FAILED,
    code: '45003',
    reason: 'DUPLICATE',
    detail: `${user}@acme.test exists as id ${seq}`,
    httpStatus: 409,
    attempt: 1,
    occurTime: new Date(nowMs),
    ...changes,
  };
  return { kind: 'outcome', message };
}
const accepted = { result: Outcome_Result.RESULT_ACCEPTED, code: '', reason: '' };
const ingest = (...events: PublicEvent[]) => ingestBatch(ctx, toBatch(events));
const causeId = async () =>
  (await listCauses(ctx, ListCausesRequest.fromPartial({ parent: OPERATOR }))).causes[0]!.causeId;

test('a customer is told once that something fails, with what to do and nobody named, and once that it is over', async () => {
  await ingest(push(acme, 'ada'), push(acme, 'bob'));
  await tell();
  await tellAfter(TELL_AFTER_MS / 2);
  expect(receiver.received).toEqual([]);
  for (let i = 0; i < 4; i++) await tellAfter(TELL_AFTER_MS);
  expect(told()).toEqual([`${acme} ${opened}`]);
  const [first] = receiver.received;
  expect(first!.data).toMatchObject({
    causeId: await causeId(),
    code: '45003',
    reason: 'DUPLICATE',
    pattern: '… exists as id …',
    failureCount: '2',
    personCount: '2',
    whoActs: expect.stringMatching(/./),
    resolution: expect.arrayContaining([expect.any(String)]),
    nextCommand: `autoprov failures --cause ${await causeId()} --customer acme`,
  });
  expect(first!.body).not.toMatch(/@|\/users\//);

  await ingest(push(acme, 'ada', accepted));
  await tellAfter(OVER_AFTER_MS);
  await ingest(push(acme, 'bob', accepted));
  await tellAfter(OVER_AFTER_MS);
  expect(told()).toEqual([`${acme} ${opened}`]);
  await tellAfter(OVER_AFTER_MS);
  await tellAfter(REMIND_AFTER_MS);
  expect(told()).toEqual([`${acme} ${opened}`, `${acme} ${ended}`]);
  expect(receiver.received[1]!.data).toEqual(first!.data);
});

test('what several customers fail of, and what the installation fails of, is told to the operator alone', async () => {
  await ingest(push(acme, 'ada'), push(best, 'bea'));
  const check = { source: 'failure-reporter', subject: 'installation', seq: 1n, passed: false, code: '12005' };
  await ingest({ kind: 'check', message: { ...Check.fromPartial(check), occurTime: new Date(nowMs) } });
  await tell();
  await tellAfter(TELL_AFTER_MS);
  await tellAfter(TELL_AFTER_MS);
  expect(told()).toEqual(Array(2).fill(`${OPERATOR} ${opened}`));
});

test('what is not acknowledged is sent again under the same id, later and later, and nothing overtakes it', async () => {
  receiver.answerWith(acme, 503);
  await ingest(push(acme, 'ada'));
  await ingest(push(best, 'bea', { code: '45016', reason: 'MISSING_REQUIRED' }));
  await tell();
  await tellAfter(TELL_AFTER_MS);
  await ingest(push(acme, 'ada', accepted), push(best, 'bea', accepted));
  await tell();
  // 10 s, 20 s, … have passed for each attempt, and the end waits behind the beginning.
  for (let i = 0; i < 60; i++) await tellAfter(OVER_AFTER_MS / 10);
  expect(told()).toEqual([`${best} ${opened}`, `${best} ${ended}`]);
  const refused = receiver.received.filter(({ recipient }) => recipient === acme);
  expect(refused.length).toBeGreaterThan(3);
  expect(refused.length).toBeLessThan(15);
  expect(new Set(refused.map(({ id, type }) => `${id} ${type}`)).size).toBe(1);

  receiver.answerWith(acme, 204);
  for (let i = 0; i < 3; i++) await tellAfter(3_600_000);
  expect(told().slice(2)).toEqual([`${acme} ${opened}`, `${acme} ${ended}`]);
  expect(receiver.received.at(-2)!.id).toBe(refused[0]!.id);
});

test('two replicas at once tell once, and one that ends after the answer and before it is kept says it with the same id', async () => {
  await ingest(push(acme, 'ada'));
  await tell();
  nowMs += TELL_AFTER_MS;
  await Promise.all([tell(), tell(), tell()]);
  await tell();
  expect(told()).toEqual([`${acme} ${opened}`]);
  // As if the first had ended before it could decide, or delete: the same is decided again.
  await store.pool.query(`update alerts set tell_time = null, tell_count = 0`);
  await tell();
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
});

test('a muted cause is not told to who muted it, is shown as muted, and is told when the mute has ended', async () => {
  await ingest(push(acme, 'ada'));
  const mute = { parent: acme, causeId: await causeId(), note: 'we know, ask ada@acme.test' };
  await muteCause(ctx, { ...mute, untilTime: new Date(nowMs + 2 * REMIND_AFTER_MS) });
  const { causes } = await listCauses(ctx, ListCausesRequest.fromPartial({ parent: acme }));
  expect(causes).toMatchObject([{ muteEndTime: new Date(nowMs + 2 * REMIND_AFTER_MS), muteNote: 'we know, ask …' }]);
  await tell();
  await tellAfter(REMIND_AFTER_MS);
  expect(told()).toEqual([]);
  await muteCause(ctx, { ...mute, untilTime: undefined, note: '' });
  await tell();
  expect(told()).toEqual([`${acme} ${opened}`]);

  await muteCause(ctx, { ...mute, untilTime: new Date(nowMs + 2 * REMIND_AFTER_MS) });
  await tellAfter(REMIND_AFTER_MS);
  expect(told()).toHaveLength(1);
  await tellAfter(REMIND_AFTER_MS);
  expect(told()).toEqual([`${acme} ${opened}`, `${acme} autoprov.cause.still_failing`]);
});

test.each([
  ['cause_id', { causeId: 'x' }],
  ['until_time', { untilTime: new Date(0) }],
  ['until_time', { untilTime: new Date('2027-01-01') }],
  ['note', { note: ' ' }],
  ['parent', { parent: 'acme' }],
])('a mute without a right %s is refused, naming it', async (field, changes) => {
  const right = { parent: acme, causeId: '0123456789abcdef', untilTime: new Date(nowMs + 1000), note: 'known' };
  const refused = await muteCause(ctx, { ...right, ...changes }).catch(rpcErrorOf);
  expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field }] });
});

test('a receiver with another secret takes nothing', async () => {
  const { recipients } = receiver.webhooks;
  recipients.set(acme, {
    ...recipients.get(acme)!,
    secret: new Secret(`whsec_${Buffer.alloc(32).toString('base64')}`),
  });
  await ingest(push(acme, 'ada'));
  await tell();
  await tellAfter(TELL_AFTER_MS);
  expect(receiver.received).toEqual([]);
});
