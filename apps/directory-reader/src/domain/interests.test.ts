import { expect, test } from '@jest/globals';
import { interestsOf, nestedGroupKey } from './interests.ts';

test('groups are those of the scope, schemas those that mapping rows name', () => {
  const paths = [
    'primaryEmail',
    'customSchemas.Employment.badge',
    'customSchemas.Employment.site',
    'customSchemas.HR[0].x',
  ];
  expect(interestsOf(['b@example.com', 'a@example.com', 'b@example.com'], paths)).toEqual({
    groups: ['a@example.com', 'b@example.com'],
    schemas: ['Employment', 'HR'],
  });
});

test('a nested group that is of interest itself has the key by which it is read already', () => {
  const keys = new Set(['sales@example.com', '0abc']);
  expect(nestedGroupKey({ id: '0xyz', email: 'sales@example.com' }, keys)).toBe('sales@example.com');
  expect(nestedGroupKey({ id: '0abc', email: 'it@example.com' }, keys)).toBe('0abc');
  expect(nestedGroupKey({ id: '0new', email: '' }, keys)).toBe('0new');
});
