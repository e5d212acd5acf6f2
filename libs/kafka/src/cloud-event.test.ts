import { expect, test } from '@jest/globals';
import { Check, Failure, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import { readCloudEvent, toCloudEvent } from './cloud-event.ts';

const origin = { installationId: 'main', service: 'scim-pusher' };
const outcome = Outcome.fromPartial({
  app: 'customers/acme/apps/crm',
  user: 'customers/acme/users/1',
  seq: 7n,
  occurTime: new Date('2026-01-02T03:04:05.678Z'),
  action: Outcome_Action.ACTION_CREATE,
  result: Outcome_Result.RESULT_FAILED,
  code: '45003',
  traceId: '0af7651916cd43dd8448eb211c80319c',
});

test('an outcome carries the CloudEvents headers in Kafka binary mode', () => {
  const { value: _, ...record } = toCloudEvent(origin, { kind: 'outcome', message: outcome });
  const id = record.headers['ce_id'];
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(record).toEqual({
    topic: 'autoprov.outcomes.v1',
    partitionKey: 'customers/acme/apps/crm/accounts/1',
    key: 'customers/acme/apps/crm/accounts/1',
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/installations/main/scim-pusher',
      ce_type: 'autoprov.outcome.failed.v1',
      ce_subject: 'customers/acme/apps/crm/accounts/1',
      ce_time: '2026-01-02T03:04:05.678Z',
      ce_partitionkey: 'customers/acme/apps/crm/accounts/1',
      ce_dataschema: 'https://autoprov.dev/schemas/autoprov.event.v1.Outcome.json',
      'content-type': 'application/json',
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-${id?.slice(0, 16)}-01`,
    },
  });
});

test('the same event has the same id, and the next one about the same subject another', () => {
  const idOf = (message: Outcome) => toCloudEvent(origin, { kind: 'outcome', message }).headers['ce_id'];
  expect(idOf(outcome)).toBe(idOf({ ...outcome }));
  expect(idOf({ ...outcome, seq: 8n })).not.toBe(idOf(outcome));
});

test('a message is read back as it was written', () => {
  const { value } = toCloudEvent(origin, { kind: 'outcome', message: outcome });
  expect(readCloudEvent('outcome', value!)).toEqual(outcome);
});

test('a check says by its type whether it passed, and a failure is keyed by its name', () => {
  const check = Check.fromPartial({ subject: 'customers/acme', seq: 1n, occurTime: new Date(0), passed: true });
  expect(toCloudEvent(origin, { kind: 'check', message: check }).headers['ce_type']).toBe('autoprov.check.passed.v1');
  const failure = Failure.fromPartial({ name: 'failures/abc', seq: 2n, updateTime: new Date(0) });
  const event = toCloudEvent(origin, { kind: 'failure', message: failure, change: 'opened' });
  expect(event).toMatchObject({ key: 'failures/abc', headers: { ce_type: 'autoprov.failure.opened.v1' } });
});

test('a value that is no message is refused in words, unknown fields are not', () => {
  expect(() => readCloudEvent('check', Buffer.from('[]'))).toThrow(/must be a JSON object/);
  expect(() => readCloudEvent('check', Buffer.from('{"seq":"x"}'))).toThrow(/seq/);
  expect(readCloudEvent('check', Buffer.from('{"colour":1,"code":"17003"}'))).toEqual(
    Check.fromPartial({ code: '17003' }),
  );
});
