import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { enterpriseUserUrn, filterEq, matchesEq } from './index.ts';

test('no value can end the filter: what follows the operator is one JSON string with that very value', () => {
  const value = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(value, (text) => {
      const filter = filterEq('userName', text);
      expect(filter.startsWith('userName eq "')).toBe(true);
      expect(JSON.parse(filter.slice('userName eq '.length))).toBe(text);
    }),
  );
  expect(filterEq('userName', 'o"br\\ien')).toBe('userName eq "o\\"br\\\\ien"');
});

test('an attribute that is not a plain path is refused, not sent', () => {
  expect(() => filterEq('userName eq "a" or id', 'x')).toThrow('cannot be filtered by');
  expect(filterEq(`${enterpriseUserUrn}:employeeNumber`, '7')).toBe(`${enterpriseUserUrn}:employeeNumber eq "7"`);
});

test('a hit counts only if it has the value: login names and e-mail in any case, all else exactly', () => {
  const user = { UserName: 'Ann', externalId: 'Ab', id: '1', emails: [{ value: 'Ann@Example.com' }, { value: 'b@x' }] };
  expect(matchesEq(user, 'userName', 'ANN')).toBe(true);
  expect(matchesEq(user, 'emails.value', 'ann@example.COM')).toBe(true);
  expect(matchesEq(user, 'emails', 'b@x')).toBe(true);
  expect(matchesEq(user, 'externalId', 'ab')).toBe(false);
  expect(matchesEq(user, 'externalId', 'Ab')).toBe(true);
  expect(matchesEq(user, 'userName', 'bob')).toBe(false);
  expect(matchesEq({}, 'userName', '')).toBe(false);
  expect(matchesEq({ [enterpriseUserUrn]: { employeeNumber: '7' } }, `${enterpriseUserUrn}:employeeNumber`, '7')).toBe(
    true,
  );
});
