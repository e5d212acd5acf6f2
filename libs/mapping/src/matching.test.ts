import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MatchingPolicy, TargetAttribute, TargetSchema, type MatchingRule } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import {
  checkMatchingAgainstSchema,
  checkMatchingExpression,
  matchingExpressions,
  matchingRules,
  matchingValue,
  schemasOf,
} from './index.ts';

const employeeNumber = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';
const resource = {
  userName: 'ada@example.com',
  emails: [{ value: 'ada@example.com', type: 'work' }, { value: 'al@example.com' }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { employeeNumber: '7' },
};
const user = { id: '1', primaryEmail: 'ada@example.com', externalIds: [{ type: 'organization', value: 'E-7' }] };
const policy = (changes: Partial<MatchingPolicy>): MatchingPolicy => ({
  ...MatchingPolicy.fromPartial({}),
  ...changes,
});
const rule = (attribute: string, expression = ''): MatchingRule => ({ attribute, expression });

test('a policy compares externalId and userName, the attributes it names, or its rules, in that order', () => {
  expect(matchingRules(undefined)).toEqual([rule('externalId'), rule('userName')]);
  expect(matchingRules(policy({ attributes: ['emails'] }))).toEqual([rule('emails')]);
  const rules = [rule('userName'), rule(employeeNumber, 'user.externalIds.first().value')];
  expect(matchingRules(policy({ rules }))).toEqual(rules);
});

test.each([
  ['the mapped value', rule('userName'), 'ada@example.com'],
  ['the first mapped address', rule('emails'), 'ada@example.com'],
  ['the mapped value of an extension', rule(employeeNumber), '7'],
  ['nothing that is not mapped', rule('nickName'), ''],
  ['what the expression gives', rule(employeeNumber, 'user.externalIds.first().value'), 'E-7'],
  ['nothing where the expression gives null', rule('nickName', 'coalesce(user.nick, null)'), ''],
  ['nothing where the expression gives an empty text', rule('nickName', '""'), ''],
])('a rule looks for %s', (_, one, value) => {
  expect(matchingValue(one, resource, user)).toEqual({ attribute: one.attribute, value, problem: '' });
});

test.each([
  ['what the person lacks', 'user.customSchemas.HR.badge'],
  ['what is no text', '7'],
  ['a list', 'user.externalIds'],
])('an expression that gives %s has no answer, and says why', (_, expression) => {
  const { value, problem } = matchingValue(rule('nickName', expression), resource, user);
  expect(value).toBe('');
  expect(problem).toMatch(/^1:\d+: .+: /);
});

test('a value is only given where there is no problem, whatever the person', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('user.a', 'user.a.first()', 'user.a.b + "x"', 'string(user.a)'),
      fc.json(),
      (source, a) => {
        const one = matchingValue(rule('nickName', source), {}, { a: JSON.parse(a) } as JsonObject);
        expect(one.value === '' || one.problem === '').toBe(true);
      },
    ),
  );
});

test.each([
  ['that does not compile', 'user.'],
  ['that gives a number', '7'],
  ['that reads what is not read from the directory', 'user.password'],
  ['with too much work', 'user.aliases.map(a, user.aliases.map(b, a + b).join())'],
])('an expression %s is refused when it is saved', (_, expression) => {
  expect(checkMatchingExpression(expression)).not.toEqual([]);
});

test.each(['', 'user.id', 'coalesce(user.externalIds.first().value, "")', 'user.customSchemas.HR.badge'])(
  'the expression "%s" can be saved',
  (expression) => expect(checkMatchingExpression(expression)).toEqual([]),
);

test('custom schemas that matching names must be read before anything is decided', () => {
  const rules = [rule('userName'), rule(employeeNumber, 'user.customSchemas.HR.badge')];
  expect(schemasOf([], '', ...matchingExpressions(policy({ rules })))).toEqual(['HR']);
});

test('an attribute that the service provider lacks is refused where it says what it has, else a warning', () => {
  const attributes = ['userName', 'emails'].map((path) => TargetAttribute.fromPartial({ path }));
  const wanted = policy({ rules: [rule('externalId'), rule('emails'), rule(employeeNumber, 'user.id')] });
  const found = [{ field: 'rules[2].attribute', description: expect.stringContaining(employeeNumber) }];
  const discovered = TargetSchema.fromPartial({ discovered: true, attributes });
  expect(checkMatchingAgainstSchema(wanted, discovered)).toEqual({ violations: found, warnings: [] });
  expect(checkMatchingAgainstSchema(wanted, { ...discovered, discovered: false })).toEqual({
    violations: [],
    warnings: found,
  });
  expect(checkMatchingAgainstSchema(wanted, undefined)).toEqual({ violations: [], warnings: [] });
});
