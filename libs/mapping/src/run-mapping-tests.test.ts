import { expect, test } from '@jest/globals';
import { MappingRow, MappingTest, ProvisioningScope } from '@autoprov/proto';
import { runMappingTests } from './index.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const row = (target: string, $case: 'attribute' | 'expression', value: string): MappingRow => ({
  ...MappingRow.fromPartial({ target }),
  source: { $case, value },
});
const rows = [
  row('userName', 'attribute', 'primaryEmail'),
  row('displayName', 'expression', 'user.name.givenName + " " + user.name.familyName'),
  row('emails[type eq "other"].value', 'attribute', 'aliases'),
  row(`${enterprise}:manager.value`, 'attribute', 'relations[type=manager].value'),
];
const mappingTest = (user: object, expected: object): MappingTest =>
  MappingTest.fromPartial({ name: 'Ada', user, expected });
const user = {
  primaryEmail: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  aliases: ['b@x.example', 'a@x.example'],
  relations: [{ type: 'manager', value: 'boss@example.com' }],
};

test('a test passes when each value that it names is as expected', () => {
  const expected = {
    userName: 'ada@example.com',
    displayName: 'Ada Lovelace',
    'emails[type eq "other"].value': ['a@x.example', 'b@x.example'],
    [`${enterprise}:manager.value`]: 'boss@example.com',
    title: null,
  };
  expect(runMappingTests(rows, undefined, [mappingTest(user, expected)])).toEqual([]);
});

test('a value that is another, absent or there against expectation is named with both values', () => {
  const expected = { displayName: 'Countess', title: 'Dr.', userName: null };
  expect(runMappingTests(rows, undefined, [mappingTest(user, expected)])).toEqual([
    {
      test: 'Ada',
      path: 'displayName',
      expected: 'Countess',
      actual: 'Ada Lovelace',
      description: 'displayName is "Ada Lovelace", but should be "Countess"',
    },
    expect.objectContaining({ path: 'title', description: 'title is absent, but should be "Dr."' }),
    expect.objectContaining({ path: 'userName', description: 'userName is "ada@example.com", but should be absent' }),
  ]);
});

test('an expression or filter that has no answer for the user of a test fails it', () => {
  const scope = { ...ProvisioningScope.fromPartial({}), filter: 'user.customSchemas.Access.crm == true' };
  const failures = runMappingTests(rows, scope, [mappingTest({ primaryEmail: 'x@example.com' }, {})]);
  expect(failures.map(({ path, description }) => [path, description])).toEqual([
    ['displayName', expect.stringMatching(/^the expression fails: 1:5: the user has no "name"/)],
    ['', expect.stringMatching(/^the scope's filter has no answer: 1:/)],
  ]);
});
