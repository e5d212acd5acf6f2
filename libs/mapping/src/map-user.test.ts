import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MappingRow, MappingRow_Apply, MappingRow_OnNull } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { checkMapping, checkScopeFilter, managedPart, mapUser, referencesOf, schemasOf } from './index.ts';
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

const expression = (target: string, value: string): MappingRow => ({
  ...MappingRow.fromPartial({ target }),
  source: { $case: 'expression', value },
});

test('the custom schemas of expressions and of the filter are asked for too', () => {
  const more = [
    row('nickName', 'customSchemas.Employment.badge'),
    expression('title', 'coalesce(user.customSchemas["HR Facts"].title, user.customSchemas.Old.title)'),
    expression('userType', 'has(user.customSchemas) ? "custom" : "none"'),
  ];
  expect(schemasOf(more, 'user.customSchemas.Access.crm')).toEqual(['Access', 'Employment', 'HR Facts', 'Old']);
});

test('a row whose expression fails is named, and the others are mapped', () => {
  const { resource, failed } = mapUser([...rows, expression('nickName', 'user.name.nickName')], ada, none);
  expect(failed).toEqual([
    { target: 'nickName', problem: '1:10: the user has no "nickName": use coalesce(…, "") or has(…)' },
  ]);
  expect(resource).toMatchObject({ title: 'Engineer' });
});

test('a row that is written on create only fails nobody who has an account', () => {
  const once = { ...expression('nickName', 'user.name.nickName'), apply: MappingRow_Apply.APPLY_ON_CREATE };
  expect(mapUser([once], ada, none).failed).toHaveLength(1);
  const { resource, failed } = mapUser([once], ada, none, { nickName: 'Countess' });
  expect([resource['nickName'], failed]).toEqual(['Countess', []]);
});

test('an expression gives values of any type, and null means none', () => {
  const typed = [
    expression('flag', 'user.name.givenName == "Ada"'),
    expression('urn:x:User:level', 'size(user.organizations)'),
    expression('roles', '[{"value": "admin", "primary": true}]'),
    { ...expression('nickName', 'coalesce(user.name.nickName)'), defaultValue: 'none' },
    expression('title', 'null'),
  ];
  expect(mapUser(typed, ada, none).resource).toEqual({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:x:User'],
    flag: true,
    'urn:x:User': { level: 2 },
    roles: [{ value: 'admin', primary: true }],
    nickName: 'none',
  });
});

test('a list makes one element an item, beside elements of other types and rows', () => {
  const sites = [{ value: 'Vienna', customType: 'HQ' }, { value: '' }, { value: 'Graz' }];
  const user = {
    primaryEmail: 'a@x.example',
    aliases: ['b@x.example', 'c@x.example'],
    customSchemas: { E: { sites } },
  };
  const lists = [
    row('emails[type eq "work"].value', 'primaryEmail'),
    row('emails[type eq "other"].value', 'aliases'),
    expression('emails[type eq "other"].display', 'user.aliases.map(a, a.split("@")[0])'),
    row('entitlements.value', 'customSchemas.E.sites'),
    row('urn:x:User:sites', 'customSchemas.E.sites'),
  ];
  const { resource } = mapUser(lists, user, none);
  expect(resource).toMatchObject({
    emails: [
      { type: 'work', value: 'a@x.example', primary: true },
      { type: 'other', value: 'b@x.example', display: 'b' },
      { type: 'other', value: 'c@x.example', display: 'c' },
    ],
    entitlements: [{ value: 'Vienna' }, { value: 'Graz' }],
  });
  expect(managedPart(lists, resource)).toEqual(resource);
  const theirs = [...(resource['emails'] as JsonObject[]), { type: 'home', value: 'd@x.example' }];
  expect(managedPart(lists, { ...resource, emails: theirs, nickName: 'x' })).toEqual(resource);
});

test('what a mapping manages of what it gave is what it gave, whatever the lists hold', () => {
  const list = fc.array(fc.oneof(fc.string(), fc.record({ value: fc.string() })), { maxLength: 4 });
  const lists = [
    row('emails[type eq "other"].value', 'aliases'),
    row('phoneNumbers.value', 'phones'),
    row('emails[type eq "work"].value', 'emails'),
  ];
  fc.assert(
    fc.property(list, list, list, (aliases, phones, emails) => {
      const { resource } = mapUser(lists, { aliases, phones, emails }, none);
      expect(managedPart(lists, resource)).toEqual(resource);
    }),
  );
});

test.each([
  ['an expression that is no CEL', expression('title', 'user.id +'), 'rows[1].expression'],
  [
    'an expression with a custom schema that is computed',
    expression('title', 'user.customSchemas[user.id].x'),
    'rows[1].expression',
  ],
  ['an expression over what is never sent', expression('title', 'user.recoveryEmail'), 'rows[1].expression'],
  ['an expression over what is not read', expression('title', 'user.titel'), 'rows[1].expression'],
  ['an expression that does too much', expression('title', '"a".replace("", "b")'), undefined],
  ['an expression of types that do not fit', expression('title', 'user.primaryEmail + 1'), 'rows[1].expression'],
  ['an attribute that is not read', row('title', 'recoverEmail'), 'rows[1].attribute'],
  ['an expression that some people have no answer for', expression('title', 'user.organizations[0].title'), undefined],
])('%s is %s', (_, wrong, field) => {
  const fields = checkMapping([row('userName', 'primaryEmail'), wrong]).map((violation) => violation.field);
  expect(fields).toEqual(field === undefined ? [] : [field]);
});

test.each([
  ['', []],
  ['user.orgUnitPath.startsWith("/Sales")', []],
  ['user.orgUnitPath', [expect.stringContaining('gives neither true nor false')]],
  ['user.nope == 1', [expect.stringContaining('is not read from the directory')]],
  ['user.orgUnitPath ==', [expect.stringMatching(/^1:\d+: /)]],
])('the filter %j has the mistakes %j', (filter, descriptions) => {
  expect(checkScopeFilter(filter).map(({ description }) => description)).toEqual(descriptions);
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
