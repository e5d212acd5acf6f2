import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MappingRow, MappingRow_Apply, MappingRow_OnNull } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { checkMapping, mapUser, referencesOf, schemasOf } from './index.ts';
import { parseTargetPath, readTarget, writeTarget } from './target-path.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const row = (target: string, attribute: string, more: Partial<MappingRow> = {}): MappingRow => ({
  ...MappingRow.fromPartial({ target }),
  source: { $case: 'attribute', value: attribute },
  ...more,
});
const none = new Map<string, string>();

const rows = [
  row('userName', 'primaryEmail', { required: true }),
  row('emails[type eq "work"].value', 'primaryEmail'),
  row('name.givenName', 'name.givenName'),
  row('title', 'organizations[primary].title'),
  row(`${enterprise}:department`, 'organizations[primary].department'),
  row(`${enterprise}:manager.value`, 'relations[type=manager].value'),
  row('phoneNumbers[type eq "work"].value', 'phones[type=work].value'),
];
const ada: JsonObject = {
  primaryEmail: 'ada@example.com',
  name: { givenName: 'Ada' },
  organizations: [{ title: 'Old' }, { title: 'Engineer', department: 'R&D', primary: true }],
  relations: [{ type: 'manager', value: 'boss@example.com' }],
};

test('rows become a SCIM user with the schemas it uses and one primary e-mail', () => {
  expect(mapUser(rows, ada, new Map([['boss@example.com', 'sp-7']]))).toEqual({
    resource: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
      userName: 'ada@example.com',
      emails: [{ type: 'work', value: 'ada@example.com', primary: true }],
      name: { givenName: 'Ada' },
      title: 'Engineer',
      [enterprise]: { department: 'R&D', manager: { value: 'sp-7' } },
    },
    missing: [],
    parked: [],
    failed: [],
  });
});

test('a manager without an account is parked, the rest is mapped', () => {
  const { resource, parked } = mapUser(rows, ada, none);
  expect(parked).toEqual(['boss@example.com']);
  expect(resource[enterprise]).toEqual({ department: 'R&D' });
  expect(referencesOf(rows, ada)).toEqual(['boss@example.com']);
});

test('a required target without a value is named', () => {
  expect(mapUser(rows, { name: { givenName: 'Ada' } }, none).missing).toEqual(['userName']);
});

test('a default stands in for an absent value only', () => {
  const title = row('title', 'organizations[primary].title', { defaultValue: 'Staff' });
  expect(mapUser([title], {}, none).resource['title']).toBe('Staff');
  expect(mapUser([title], ada, none).resource['title']).toBe('Engineer');
});

test('what is written on create only, or kept when absent, stays as it was accepted', () => {
  const kept = [
    row('nickName', 'name.givenName', { apply: MappingRow_Apply.APPLY_ON_CREATE }),
    row('title', 'organizations[primary].title', { onNull: MappingRow_OnNull.ON_NULL_KEEP }),
    row('displayName', 'name.displayName'),
  ];
  const accepted = { nickName: 'Countess', title: 'Engineer', displayName: 'Ada L.' };
  const { resource } = mapUser(kept, { name: { givenName: 'Ada' } }, none, accepted);
  expect(resource).toMatchObject({ nickName: 'Countess', title: 'Engineer' });
  expect(resource).not.toHaveProperty('displayName');
});

test('only the custom schemas that rows name are asked for', () => {
  expect(schemasOf([...rows, row('nickName', 'customSchemas.Employment.badge')])).toEqual(['Employment']);
});

test('every mistake of a mapping is named with its field', () => {
  expect(checkMapping(rows)).toEqual([]);
  const wrong = [
    row('active', 'suspended'),
    row('user name', 'primary email'),
    row('title', 'aliases'),
    row('Title', 'password'),
  ];
  expect(checkMapping(wrong).map((violation) => violation.field)).toEqual([
    'rows[0].target',
    'rows[1].target',
    'rows[1].attribute',
    'rows[3].attribute',
    'rows[3].target',
    'rows',
  ]);
});

test('mapping never throws on what a directory may hold', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(ada), '__proto__'), fc.jsonValue()), (user) => {
      mapUser(rows, user as never, none);
    }),
  );
});

test('what is written at a target is read back from it', () => {
  const targets = fc.constantFrom(...rows.map((r) => r.target), 'addresses[type eq "home"].locality');
  fc.assert(
    fc.property(fc.uniqueArray(targets), fc.string({ minLength: 1 }), (paths, value) => {
      const resource = {};
      for (const path of paths) writeTarget(resource, parseTargetPath(path)!, `${value} ${path}`);
      for (const path of paths) expect(readTarget(resource, parseTargetPath(path)!)).toBe(`${value} ${path}`);
    }),
  );
});
