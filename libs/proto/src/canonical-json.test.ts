import { expect, test } from '@jest/globals';
import {
  fromCanonicalJson,
  Outcome,
  Outcome_Action,
  Outcome_Result,
  ProvisioningSetup,
  toCanonicalJson,
} from './index.ts';

const outcome: Outcome = {
  ...Outcome.fromPartial({ app: 'customers/acme/apps/crm', user: 'customers/acme/users/1' }),
  seq: 9007199254740993n,
  occurTime: new Date('2026-01-02T03:04:05.678Z'),
  action: Outcome_Action.ACTION_CREATE,
  result: Outcome_Result.RESULT_ACCEPTED,
};

test('canonical JSON has every default, enum names, and 64-bit numbers as strings', () => {
  expect(toCanonicalJson('autoprov.event.v1.Outcome', Outcome, outcome)).toEqual({
    app: 'customers/acme/apps/crm',
    user: 'customers/acme/users/1',
    seq: '9007199254740993',
    occurTime: '2026-01-02T03:04:05.678Z',
    action: 'ACTION_CREATE',
    result: 'RESULT_ACCEPTED',
    code: '',
    reason: '',
    retryable: false,
    detail: '',
    httpStatus: 0,
    scimType: '',
    attempt: 0,
    setupRevision: '0',
    traceId: '',
    group: '',
  });
});

test('what was written is read back the same', () => {
  const json = toCanonicalJson('autoprov.event.v1.Outcome', Outcome, outcome);
  expect(fromCanonicalJson('autoprov.event.v1.Outcome', Outcome, json)).toEqual(outcome);
});

test('a duration is read in its canonical form', () => {
  const setup = fromCanonicalJson('autoprov.config.v1.ProvisioningSetup', ProvisioningSetup, {
    deprovisioning: { deleted: { deleteAfter: '86400s' } },
  });
  expect(setup.deprovisioning?.deleted?.deleteAfter?.seconds).toBe(86400n);
});

test('a field that the message does not have is refused by name', () => {
  expect(() => fromCanonicalJson('autoprov.event.v1.Outcome', Outcome, { colour: 'red' })).toThrow(
    /"colour" is unknown/,
  );
});

test('a consumer may skip fields and enum names that its version does not know, but no wrong value', () => {
  const read = (json: Record<string, string>) =>
    fromCanonicalJson('autoprov.event.v1.Outcome', Outcome, json, { ignoreUnknown: true });
  expect(read({ colour: 'red', result: 'RESULT_FROM_THE_FUTURE', code: '45003' })).toEqual(
    Outcome.fromPartial({ code: '45003' }),
  );
  expect(() => read({ attempt: 'three' })).toThrow(/attempt/);
});
