import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryUser } from './arbitrary-user.ts';
import { enterpriseUserUrn, mergeForPut, showsState, userUrn } from './index.ts';
import type { ScimUser } from './index.ts';

const current: ScimUser = {
  schemas: [userUrn, enterpriseUserUrn, 'urn:example:Theme'],
  id: '1',
  userName: 'ann',
  active: false,
  nickName: 'set by the service provider',
  name: { givenName: 'Ann', familyName: 'Lee', middleName: 'M' },
  emails: [
    { type: 'work', value: 'ann@example.com', primary: true },
    { type: 'home', value: 'ann@home.example' },
  ],
  [enterpriseUserUrn]: { department: 'Sales' },
  'urn:example:Theme': { color: 'blue' },
  meta: { version: '1' },
  groups: [{ value: 'g' }],
};

test('what we manage is replaced, what the service provider keeps stays, meta and groups are not sent', () => {
  const desired: ScimUser = {
    schemas: [userUrn],
    userName: 'anna',
    name: { givenName: 'Anna' },
    emails: [{ type: 'work', value: 'anna@example.com', primary: true }],
  };
  const managed = [
    'userName',
    'name.givenName',
    'name.familyName',
    'emails[type eq "work"].value',
    `${enterpriseUserUrn}:department`,
  ];
  expect(mergeForPut(current, desired, managed)).toEqual({
    schemas: [userUrn, 'urn:example:Theme'],
    id: '1',
    userName: 'anna',
    active: false,
    nickName: 'set by the service provider',
    name: { givenName: 'Anna', middleName: 'M' },
    emails: [
      { type: 'home', value: 'ann@home.example' },
      { type: 'work', value: 'anna@example.com', primary: true },
    ],
    'urn:example:Theme': { color: 'blue' },
  });
});

test('active is always carried, as a boolean', () => {
  expect(mergeForPut(current, {}, []).active).toBe(false);
  expect(mergeForPut(current, { active: true }, []).active).toBe(true);
  expect(mergeForPut({ userName: 'x' }, {}, []).active).toBe(true);
  expect(mergeForPut({ Active: 'False' }, {}, [])['Active']).toBe(false);
});

test('the merged resource shows the desired state, and only one value is primary', () => {
  fc.assert(
    fc.property(arbitraryUser, arbitraryUser, (present, desired) => {
      const managed = Object.keys(desired).filter((name) => name !== 'schemas');
      expect(showsState(mergeForPut(present, desired, managed), desired)).toBe(true);
    }),
  );
  const merged = mergeForPut(current, { emails: [{ type: 'home', value: 'x', primary: true }] }, []);
  expect(merged['emails']).toEqual([
    { type: 'work', value: 'ann@example.com' },
    { type: 'home', value: 'x', primary: true },
  ]);
});

test('a managed path that cannot be read says how to write it', () => {
  expect(() => mergeForPut(current, {}, ['emails[primary eq true]'])).toThrow('is not an attribute path');
});
