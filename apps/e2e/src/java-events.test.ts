import { expect, test } from '@jest/globals';
import { changeWords, eventTypeOf, toCloudEvent, type PublicEvent } from '@autoprov/kafka';
import { Check, Failure, Failure_Scope, Failure_State, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import { parseInJava } from './parse-in-java.ts';

const origin = { installationId: 'test', service: 'test' };
const time = new Date('2026-01-02T03:04:05.678Z');
const hostile = 'says "ä\u202e\u2028", \u0000 and 🙂\n';
/** More than a JSON number holds. */
const seq = 9_007_199_254_740_993n;

const outcome = (result: Outcome_Result): PublicEvent => ({
  kind: 'outcome',
  message: {
    ...Outcome.fromPartial({ app: 'customers/acme/apps/crm', user: 'customers/acme/users/1', seq, result }),
    action: Outcome_Action.ACTION_CREATE,
    detail: hostile,
    httpStatus: 409,
    occurTime: time,
  },
});
const check = (passed: boolean): PublicEvent => ({
  kind: 'check',
  message: {
    ...Check.fromPartial({ source: 'test', subject: 'customers/acme', seq, passed, detail: hostile }),
    occurTime: time,
  },
});
const failure = (change: (typeof changeWords)['failure'][number], state: Failure_State): PublicEvent => {
  const said = { name: 'failures/abc', seq, state, detail: hostile, resolution: [hostile, ''] };
  const times = { openTime: time, updateTime: time, nextAttemptTime: undefined, resolveTime: undefined };
  const scope = Failure_Scope.SCOPE_RESOURCE;
  return { kind: 'failure', change, message: { ...Failure.fromPartial({ ...said, scope, attempt: 7 }), ...times } };
};
const { STATE_OPEN, STATE_RESOLVED, STATE_SUPERSEDED, STATE_DISMISSED } = Failure_State;
const records = [
  outcome(Outcome_Result.RESULT_ACCEPTED),
  outcome(Outcome_Result.RESULT_FAILED),
  outcome(Outcome_Result.RESULT_WITHDRAWN),
  check(false),
  check(true),
  failure('opened', STATE_OPEN),
  failure('retried', STATE_OPEN),
  failure('reopened', STATE_OPEN),
  failure('resolved', STATE_RESOLVED),
  failure('superseded', STATE_SUPERSEDED),
  failure('dismissed', STATE_DISMISSED),
].map((event) => toCloudEvent(origin, event));

/** What a consumer knows: the schema that the headers name is that of the message. */
const messageOf = (headers: Record<string, string>) => /([^/]+)\.json$/.exec(headers['ce_dataschema']!)![1]!;

test('Java reads every type of event, by its JSON Schema and by protobuf, and prints again what was sent', async () => {
  const types = [
    ...changeWords.outcome.map((word) => eventTypeOf('outcome', word)),
    ...changeWords.check.map((word) => eventTypeOf('check', word)),
    ...changeWords.failure.map((word) => eventTypeOf('failure', word)),
  ];
  expect(records.map(({ headers }) => headers['ce_type'])).toEqual(types);
  const sent = records.map(({ headers, value }) => ({ message: messageOf(headers), value: value!.toString() }));
  const wrong = sent.map(({ message, value }) => ({ message, value: value.replace(/"seq":"\d+"/, '"seq":"x"') }));
  const read = await parseInJava([...sent, ...wrong]);
  expect(read.slice(0, sent.length)).toEqual(
    sent.map(({ value }) => ({ schemaErrors: [], reprinted: JSON.parse(value) as unknown })),
  );
  for (const refused of read.slice(sent.length)) {
    expect(refused).toEqual({ schemaErrors: [expect.stringContaining('seq')], protobufError: expect.any(String) });
  }
}, 300_000);
