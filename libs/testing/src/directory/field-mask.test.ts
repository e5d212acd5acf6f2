import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyFieldMask, parseFieldMask } from './field-mask.ts';

const mask = (fields: string, value: unknown) => applyFieldMask(value, parseFieldMask(fields));
const page = { etag: 'e', users: [{ id: '1', name: { givenName: 'Ada', familyName: 'L' } }, { id: '2' }] };

test.each([
  ['etag', { etag: 'e' }],
  ['users(id,name(givenName))', { users: [{ id: '1', name: { givenName: 'Ada' } }, { id: '2' }] }],
  ['users/name/familyName', { users: [{ name: { familyName: 'L' } }, {}] }],
  ['users/id, etag', { etag: 'e', users: [{ id: '1' }, { id: '2' }] }],
  ['*(id)', { etag: 'e', users: [{ id: '1' }, { id: '2' }] }],
  ['nothing', {}],
])('the mask %s leaves what it names', (fields, left) => {
  expect(mask(fields, page)).toEqual(left);
});

test.each(['', ',', 'a(', 'a(b', 'a)', 'a(b))', '(a)', 'a/', 'a,,b', 'a b'])('the mask %j is refused', (fields) => {
  expect(() => parseFieldMask(fields)).toThrow(/Invalid field selection/);
});

test('a mask that names every top-level key leaves any object as it is', () => {
  const anyObject = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(anyObject, (value) => {
      expect(mask(Object.keys(value).join(','), value)).toEqual(value);
    }),
  );
});
