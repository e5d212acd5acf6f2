import { expect, test } from '@jest/globals';
import { Check, Failure_Scope, Outcome, Outcome_Result } from '@autoprov/proto';
import { factOfCheck, factOfOutcome } from './fact.ts';
import { presentFailure } from './failure.ts';
import { fold } from './fold.ts';

const outcome = Outcome.fromPartial({
  app: 'customers/acme/apps/crm',
  user: 'customers/acme/users/1042',
  seq: 1n,
  occurTime: new Date(1000),
  result: Outcome_Result.RESULT_FAILED,
  code: '45003',
});
const check = Check.fromPartial({ source: 'config', seq: 1n, occurTime: new Date(1000), passed: true });

test.each([
  ['installation', Failure_Scope.SCOPE_PLATFORM, '', ''],
  ['customers/acme', Failure_Scope.SCOPE_CUSTOMER, 'customers/acme', ''],
  ['customers/acme/groups/sales@acme.test', Failure_Scope.SCOPE_CUSTOMER, 'customers/acme', ''],
  ['customers/acme/apps/crm', Failure_Scope.SCOPE_SETUP, 'customers/acme', 'customers/acme/apps/crm'],
  ['customers/acme/apps/crm/setup', Failure_Scope.SCOPE_SETUP, 'customers/acme', 'customers/acme/apps/crm'],
])('a check of %s has the scope of its subject', (subject, scope, customer, app) => {
  expect(factOfCheck({ ...check, subject })).toMatchObject({ subject, scope, customer, app, user: '' });
});

test('an outcome of a group is about the group in its app, and its failure names the group', () => {
  const group = 'customers/acme/groups/sales@acme.test';
  const fact = factOfOutcome({ ...outcome, user: '', group, reason: 'DUPLICATE' })!;
  expect(fact).toMatchObject({
    scope: Failure_Scope.SCOPE_RESOURCE,
    app: outcome.app,
    user: '',
    subject: 'customers/acme/apps/crm/groups/sales@acme.test',
  });
  const [failure] = fold({ lastSeqs: new Map(), failures: new Map() }, fact)!;
  expect(presentFailure({ ...failure!, primaryEmail: '' })).toMatchObject({ group, user: '', code: '45003' });
});

test('an outcome of a result that this version does not know is no fact', () => {
  expect(factOfOutcome({ ...outcome, result: Outcome_Result.RESULT_UNSPECIFIED })).toBeUndefined();
});

test.each([
  ['no app', { ...outcome, app: '' }],
  ["another customer's user", { ...outcome, user: 'customers/other/users/1' }],
  ["another customer's group", { ...outcome, user: '', group: 'customers/other/groups/1' }],
  ['no seq', { ...outcome, seq: 0n }],
  ['no time', { ...outcome, occurTime: undefined }],
  ['a failure without a code', { ...outcome, code: '' }],
])('an outcome with %s is unreadable', (_, unreadable) => {
  expect(() => factOfOutcome(unreadable)).toThrow(/must/);
});

test.each([
  ['no source', { ...check, subject: 'installation', source: '' }],
  ['a subject that is no resource', { ...check, subject: 'acme' }],
  ['a failure without a code', { ...check, subject: 'installation', passed: false }],
])('a check with %s is unreadable', (_, unreadable) => {
  expect(() => factOfCheck(unreadable)).toThrow(/must/);
});
