import { expect, test } from '@jest/globals';
import { setupWith } from '../setup.fixture.ts';
import { checkSetup } from './check-setup.ts';

type Fields = Parameters<typeof setupWith>[0];

function fieldsAtFault(fields: Fields): string[] {
  return checkSetup(setupWith(fields), []).map(({ field }) => field);
}

const seconds = (n: number) => ({ seconds: BigInt(n), nanos: 0 });
const mappingTest = (name: string) => ({
  name,
  user: { primaryEmail: 'a@b.example' },
  expected: { userName: 'a@b.example' },
});
const pushedGroup = (group: string, displayName = '') => ({ group, displayName });
const pushedAt = (i: number, part: string) => `setup.pushed_groups[${i}].${part}`;
const userName = { target: 'userName', source: { $case: 'attribute', value: 'primaryEmail' } } as const;

test('a setup with everything set can be stored', () => {
  const fields: Fields = {
    attributeMapping: { rows: [userName, { target: 'title', source: { $case: 'constant', value: 'x' } }] },
    scope: { groups: ['sales@example.com'], orgUnits: ['/', '/Sales/EMEA'], excludedPersons: ['1042'] },
    deprovisioning: { deleted: { suspendAfter: seconds(0), deleteAfter: seconds(0) }, archived: {} },
    matching: { attributes: ['emails', 'externalId'], onExisting: 2, onForeignExternalId: 3 },
    pushedGroups: [pushedGroup('sales@example.com'), pushedGroup('03abc', 'Board')],
    mappingTests: [mappingTest('a'), { ...mappingTest('b'), expected: { 'emails[type eq "work"].value': null } }],
  };
  expect(fieldsAtFault(fields)).toEqual([]);
});

test.each<[string, Fields, string[]]>([
  ['no endpoint', { endpointUrl: '' }, ['setup.endpoint_url']],
  [
    'a mapping without userName',
    { attributeMapping: { rows: [{ ...userName, target: 'title' }] } },
    ['setup.attribute_mapping.rows'],
  ],
  ['a target twice', { attributeMapping: { rows: [userName, userName] } }, ['setup.attribute_mapping.rows[1].target']],
  [
    'a constant that PostgreSQL cannot store',
    { attributeMapping: { rows: [userName, { target: 'title', source: { $case: 'constant', value: 'a\0' } }] } },
    ['setup.attribute_mapping.rows[1].constant'],
  ],
  [
    'a default that JSON does not have',
    { attributeMapping: { rows: [{ ...userName, defaultValue: [Infinity] }] } },
    ['setup.attribute_mapping.rows[0].default_value'],
  ],
  [
    'an apply of a newer client',
    { attributeMapping: { rows: [{ ...userName, apply: 9 as 0 }] } },
    ['setup.attribute_mapping.rows[0].apply'],
  ],
  ['a group twice, in another case', { scope: { groups: ['a@x.example', 'A@x.example'] } }, ['setup.scope.groups[1]']],
  [
    'a pushed group twice',
    { pushedGroups: [pushedGroup('a@x.example'), pushedGroup('A@x.example')] },
    [pushedAt(1, 'group')],
  ],
  ['a pushed group without a name', { pushedGroups: [pushedGroup('')] }, [pushedAt(0, 'group')]],
  ['an id that is pushed', { pushedGroups: [pushedGroup('03abc')] }, [pushedAt(0, 'display_name')]],
  [
    'two pushed groups of one name',
    { pushedGroups: [pushedGroup('Staff@x.example'), pushedGroup('03abc', 'staff')] },
    [pushedAt(1, 'display_name')],
  ],
  [
    'a name that nobody can read',
    { pushedGroups: [pushedGroup('a@x.example', 'a\nb')] },
    [pushedAt(0, 'display_name')],
  ],
  ['a person twice', { scope: { persons: ['1', '2', '1'] } }, ['setup.scope.persons[2]']],
  ['an empty group', { scope: { groups: [''] } }, ['setup.scope.groups[0]']],
  ['a NUL in a group', { scope: { groups: ['a\0'] } }, ['setup.scope.groups[0]']],
  [
    'org units that are no paths',
    { scope: { orgUnits: ['Sales', '/Sales/', '//'] } },
    ['0', '1', '2'].map((i) => `setup.scope.org_units[${i}]`),
  ],
  [
    'a negative duration',
    { deprovisioning: { suspended: { suspendAfter: seconds(-1) } } },
    ['setup.deprovisioning.suspended.suspend_after'],
  ],
  [
    'a duration that is none',
    { deprovisioning: { outOfScope: { deleteAfter: { seconds: 1n, nanos: 2_000_000_000 } } } },
    ['setup.deprovisioning.out_of_scope.delete_after'],
  ],
  [
    'a deletion before the suspension',
    { deprovisioning: { deleted: { suspendAfter: seconds(2), deleteAfter: seconds(1) } } },
    ['setup.deprovisioning.deleted.delete_after'],
  ],
  ['an attribute that is not compared', { matching: { attributes: ['nickName'] } }, ['setup.matching.attributes[0]']],
  ['a rule of no attribute', { matching: { rules: [{ attribute: 'a b' }] } }, ['setup.matching.rules[0].attribute']],
  [
    'a rule of what is the same for all',
    { matching: { rules: [{ attribute: 'active' }] } },
    ['setup.matching.rules[0].attribute'],
  ],
  [
    'a rule in another spelling',
    { matching: { rules: [{ attribute: 'username' }] } },
    ['setup.matching.rules[0].attribute'],
  ],
  [
    'a rule whose expression gives no text',
    { matching: { rules: [{ attribute: 'nickName', expression: '1 + 1' }] } },
    ['setup.matching.rules[0].expression'],
  ],
  [
    'a rule that stands there already',
    { matching: { rules: [{ attribute: 'userName' }, { attribute: 'userName' }] } },
    ['setup.matching.rules[1]'],
  ],
  [
    'rules beside attributes',
    { matching: { attributes: ['userName'], rules: [{ attribute: 'nickName', expression: 'user.id' }] } },
    ['setup.matching.attributes'],
  ],
  [
    'too many rules',
    { matching: { rules: Array.from({ length: 11 }, (_, i) => ({ attribute: `a${i}` })) } },
    ['setup.matching.rules'],
  ],
  ['a filter without end', { scope: { filter: 'a'.repeat(2_049) } }, ['setup.scope.filter']],
  ['a filter that is no expression', { scope: { filter: 'user.' } }, ['setup.scope.filter']],
  ['a filter that is neither true nor false', { scope: { filter: 'user.primaryEmail' } }, ['setup.scope.filter']],
  [
    'a mapping test without a name, a user or what is expected',
    { mappingTests: [{}] },
    ['name', 'user', 'expected'].map((part) => `setup.mapping_tests[0].${part}`),
  ],
  [
    'two mapping tests of one name',
    { mappingTests: [mappingTest('a'), mappingTest('b'), mappingTest('a')] },
    ['setup.mapping_tests[2].name'],
  ],
  [
    'a mapping test that expects a value at no SCIM path',
    { mappingTests: [{ ...mappingTest('a'), expected: { 'x y': 1 } }] },
    ['setup.mapping_tests[0].expected'],
  ],
  [
    'more mapping tests than are run',
    { mappingTests: Array.from({ length: 101 }, (_, i) => mappingTest(`test ${i}`)) },
    ['setup.mapping_tests'],
  ],
  [
    'limits of the guard that are none',
    { guard: { maxCount: -1, maxSharePercent: 101, window: seconds(2_678_401), protectedPersons: ['a', 'A'] } },
    ['max_count', 'max_share_percent', 'window', 'protected_persons[1]'].map((field) => `setup.guard.${field}`),
  ],
  [
    'a comparison that is too seldom, and does what nobody knows',
    { comparison: { intervalHours: 8_761, action: 7 as 0 } },
    ['setup.comparison.interval_hours', 'setup.comparison.action'],
  ],
  ['a guard without a window', { guard: { window: seconds(0) } }, ['setup.guard.window']],
  ['an unknown policy', { matching: { onExisting: 7 as 0 } }, ['setup.matching.on_existing']],
])('%s is refused', (_, fields, expected) => {
  expect(fieldsAtFault(fields)).toEqual(expected);
});

test('all faults are told at once', () => {
  const fields: Fields = {
    endpointUrl: 'http://x.example',
    scope: { groups: ['a', 'a'] },
    matching: { attributes: ['x'] },
  };
  expect(fieldsAtFault(fields)).toEqual([
    'setup.endpoint_url',
    'setup.scope.groups[1]',
    'setup.matching.attributes[0]',
  ]);
});

test('a setup too large to travel with others is refused', () => {
  const persons = Array.from({ length: 100_000 }, (_, i) => `person-${i}@example.com`);
  expect(fieldsAtFault({ scope: { persons } })).toEqual(['setup']);
});
