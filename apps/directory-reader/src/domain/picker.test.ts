import { expect, test } from '@jest/globals';
import { groupQueries, parseGroups, parseOrgUnits } from './picker.ts';

test.each([
  ['sales', ['email:sales*', 'name:sales*']],
  ['Sales EMEA', ["name:'Sales EMEA*'"]],
  ["O'Brien", [String.raw`email:'O\'Brien*'`, String.raw`name:'O\'Brien*'`]],
  [String.raw`a\' name:x`, [String.raw`name:'a\\\' name:x*'`]],
])('%s is searched for by address and name, and stays one value', (text, queries) => {
  expect(groupQueries(text)).toEqual(queries);
});

test('an empty list has no key, and anything but a list is unusable', () => {
  expect([parseOrgUnits({}), parseGroups({ kind: 'x' })]).toEqual([[], []]);
  for (const body of [
    null,
    'text',
    { groups: 'x', organizationUnits: {} },
    { groups: [1], organizationUnits: [null] },
  ]) {
    expect(() => parseOrgUnits(body)).toThrow('orgunits.list answered 200');
    expect(() => parseGroups(body)).toThrow('groups.list answered 200');
  }
});
