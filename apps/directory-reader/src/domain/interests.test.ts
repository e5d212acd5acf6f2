import { expect, test } from '@jest/globals';
import { directoryAttributes } from '@autoprov/mapping';
import { MappingRow, MatchingPolicy, ProvisioningScope } from '@autoprov/proto';
import { userFields } from './field-mask.ts';
import { interestsOf, nestedGroupKey } from './interests.ts';

test('groups are those of the scope and those pushed, schemas those that mapping rows, expressions and the filter name', () => {
  const row = (source: MappingRow['source']) => ({ ...MappingRow.fromPartial({ target: 'title' }), source });
  const rows = [
    row({ $case: 'attribute', value: 'primaryEmail' }),
    row({ $case: 'attribute', value: 'customSchemas.Employment.badge' }),
    row({ $case: 'attribute', value: 'customSchemas.Employment.site' }),
    row({ $case: 'expression', value: 'coalesce(user.customSchemas["HR Facts"].grade, "")' }),
  ];
  const groups = ['b@example.com', 'a@example.com', 'b@example.com'];
  const scope = ProvisioningScope.fromPartial({ groups, filter: 'user.customSchemas.Access.crm == true' });
  const pushedGroups = ['c@example.com', 'a@example.com'].map((group) => ({ group, displayName: '' }));
  const matching = MatchingPolicy.fromPartial({
    rules: [{ attribute: 'nickName', expression: 'user.customSchemas.Ids.crm' }],
  });
  expect(interestsOf({ scope, attributeMapping: { rows }, matching, pushedGroups })).toEqual({
    groups: ['a@example.com', 'b@example.com', 'c@example.com'],
    schemas: ['Access', 'Employment', 'HR Facts', 'Ids'],
  });
});

test('the attributes that a mapping may read are those that are read from the directory', () => {
  expect(Object.keys(directoryAttributes).sort()).toEqual([...userFields].sort());
});

test('a nested group that is of interest itself has the key by which it is read already', () => {
  const keys = new Set(['sales@example.com', '0abc']);
  expect(nestedGroupKey({ id: '0xyz', email: 'sales@example.com' }, keys)).toBe('sales@example.com');
  expect(nestedGroupKey({ id: '0abc', email: 'it@example.com' }, keys)).toBe('0abc');
  expect(nestedGroupKey({ id: '0new', email: '' }, keys)).toBe('0new');
});
