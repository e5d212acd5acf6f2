import { expect, test } from '@jest/globals';
import { MappingRow, MappingRow_Apply, ScimProfile, TargetAttribute, TargetSchema } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { checkAgainstSchema, findRefusals, previewUser } from './index.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const attribute = (path: string, more: Partial<TargetAttribute> = {}) =>
  TargetAttribute.fromPartial({ path, type: 'string', mutability: 'readWrite', ...more });
const schema = TargetSchema.fromPartial({
  discovered: true,
  attributes: [
    attribute('id', { mutability: 'readOnly', required: true }),
    attribute('userName', { required: true, maxLength: 20 }),
    attribute('name', { type: 'complex' }),
    attribute('name.givenName'),
    attribute('name.familyName', { required: true }),
    attribute('displayName'),
    attribute('nickName', { mutability: 'immutable' }),
    attribute('active', { type: 'boolean' }),
    attribute('userType', { canonicalValues: ['Employee', 'Contractor'] }),
    attribute('lastSeen', { mutability: 'readOnly', type: 'dateTime' }),
    attribute('emails', { type: 'complex', multiValued: true }),
    attribute('emails.value'),
    attribute('emails.type', { canonicalValues: ['work', 'home'] }),
    attribute('emails.primary', { type: 'boolean' }),
    attribute(`${enterprise}:department`),
    attribute(`${enterprise}:level`, { type: 'integer' }),
  ],
});
const profile = (changes: Partial<ScimProfile> = {}) => ScimProfile.fromPartial(changes);

type Source = NonNullable<MappingRow['source']>;
const row = (target: string, source: string | Source, more: Partial<MappingRow> = {}): MappingRow => ({
  ...MappingRow.fromPartial({ target }),
  source: typeof source === 'string' ? { $case: 'attribute', value: source } : source,
  ...more,
});
const constant = (value: unknown): Source => ({ $case: 'constant', value });
const userName = row('userName', 'primaryEmail', { required: true });

test('a mapping of what the service provider has is found right', () => {
  const rows = [
    userName,
    row('externalId', 'id'),
    row('emails[type eq "work"].value', 'primaryEmail'),
    row('nickName', 'name.givenName', { apply: MappingRow_Apply.APPLY_ON_CREATE }),
    row('userType', constant('employee')),
    row(`${enterprise}:level`, { $case: 'expression', value: '3' }),
  ];
  expect(checkAgainstSchema(rows, schema, profile())).toEqual({ violations: [], warnings: [] });
});

test.each<[string, MappingRow[], Partial<ScimProfile>, string[]]>([
  ['an attribute that is not there', [row('title', 'id')], {}, ['rows[1].target']],
  ['a part that is not there', [row('emails[type eq "work"].display', 'id')], {}, ['rows[1].target']],
  ['an extension that is not there', [row('urn:x:User:badge', 'id')], {}, ['rows[1].target']],
  ['a read-only attribute', [row('lastSeen', 'creationTime')], {}, ['rows[1].target']],
  ['an immutable attribute that is always written', [row('nickName', 'id')], {}, ['rows[1].apply']],
  [
    'an attribute that the profile calls immutable',
    [row('displayName', 'id')],
    { immutableAttributes: ['displayName'] },
    ['rows[1].apply'],
  ],
  [
    'a filter on an attribute with one value',
    [row('name[type eq "x"].givenName', 'id')],
    {},
    ['rows[1].target', 'rows'],
  ],
  ['a required part of an attribute that is mapped', [row('name.givenName', 'name.givenName')], {}, ['rows']],
  ['an attribute that the profile requires', [], { requiredAttributes: ['name.givenName'] }, ['rows']],
  ['a constant of another type', [row(`${enterprise}:level`, constant('three'))], {}, ['rows[1].constant']],
  ['a constant that is none of the known values', [row('userType', constant('Robot'))], {}, ['rows[1].constant']],
  [
    'a default that is too long',
    [row('displayName', 'name.fullName', { defaultValue: 'abcdef' })],
    { maxLengths: { displayName: 5 } },
    ['rows[1].default_value'],
  ],
  ['a directory flag as a text', [row('displayName', 'suspended')], {}, ['rows[1].attribute']],
  ['a directory text as a number', [row(`${enterprise}:level`, 'id')], {}, ['rows[1].attribute']],
  ['a list as one value', [row('displayName', 'aliases')], {}, ['rows[1].attribute']],
  ['an object as a text', [row('displayName', 'name')], {}, ['rows[1].attribute']],
  [
    'two values where one is taken',
    [row('emails[type eq "work"].value', 'id'), row('emails[type eq "home"].value', 'id')],
    { singleValued: true },
    ['rows[2].target'],
  ],
  [
    'a list where one value is taken',
    [row('emails[type eq "work"].value', 'aliases')],
    { singleValued: true },
    ['rows[1].attribute'],
  ],
])('%s is refused', (_, rows, changes, fields) => {
  const { violations } = checkAgainstSchema([userName, ...rows], schema, profile(changes));
  expect(violations.map(({ field }) => field)).toEqual(fields);
});

test('userName without a row is refused, and a required attribute that may be absent is a warning', () => {
  expect(checkAgainstSchema([], schema, undefined).violations).toEqual([
    { field: 'rows', description: 'userName is not mapped, but the service provider requires it: add a row' },
  ]);
  const { violations, warnings } = checkAgainstSchema([row('userName', 'primaryEmail')], schema, undefined);
  expect([violations.length, warnings.map(({ field }) => field)]).toEqual([0, ['rows[0].required']]);
});

test('where the schema was not discovered, an unknown attribute is a warning; without a schema it is nothing', () => {
  const rows = [userName, row('urn:x:User:badge', 'id')];
  const findings = checkAgainstSchema(rows, { ...schema, discovered: false }, undefined);
  expect([findings.violations, findings.warnings.map(({ field }) => field)]).toEqual([[], ['rows[1].target']]);
  expect(checkAgainstSchema(rows, undefined, undefined)).toEqual({ violations: [], warnings: [] });
});

const good: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
  externalId: '42',
  userName: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ type: 'work', value: 'ada@example.com', primary: true }],
  [enterprise]: { level: 3 },
};

test('a resource that fits is not refused', () => {
  expect(findRefusals(good, schema, profile())).toEqual([]);
  expect(findRefusals(good, undefined, undefined)).toEqual([]);
});

test.each<[string, JsonObject, Partial<ScimProfile>, string, RegExp]>([
  [
    'a value that is too long',
    { userName: 'ada.lovelace.long@example.com' },
    {},
    'userName',
    /has 29 characters.* takes 20: cut it with left\(20\)/,
  ],
  [
    'a length in characters, not code units',
    { displayName: '😀'.repeat(6) },
    { maxLengths: { displayName: 5 } },
    'displayName',
    /has 6 characters/,
  ],
  [
    'a value in a list that is too long',
    {},
    { maxLengths: { 'emails.value': 5 } },
    'emails[type eq "work"].value',
    /has 15 characters/,
  ],
  [
    'a character that is forbidden',
    { displayName: 'Ada <3' },
    { forbiddenCharacters: '<>' },
    'displayName',
    /holds "<"/,
  ],
  ['a required value that is missing', { userName: '' }, {}, 'userName', /is required/],
  ['a required part that is missing', { name: { givenName: 'Ada' } }, {}, 'name.familyName', /is required/],
  [
    'what the profile requires',
    {},
    { requiredAttributes: ['emails[type eq "home"].value'] },
    'emails[type eq "home"].value',
    /is required/,
  ],
  ['a number as a text', { displayName: 3 }, {}, 'displayName', /is a number, but must be a text/],
  ['a text as a whole number', { [enterprise]: { level: 'x' } }, {}, `${enterprise}:level`, /must be a whole number/],
  ['a list as one value', { displayName: ['a', 'b'] }, {}, 'displayName', /is a list/],
  ['one value as a list', { emails: 'ada@example.com' }, {}, 'emails', /must be a list/],
  ['a text as an element with parts', { emails: ['ada@example.com'] }, {}, 'emails', /must be an object/],
  ['none of the known values', { userType: 'Robot' }, {}, 'userType', /none of the values.*Employee, Contractor/],
  [
    'a type that is not known',
    { emails: [{ type: 'other', value: 'a@b.c' }] },
    {},
    'emails[type eq "other"].type',
    /work, home/,
  ],
  ['an attribute that is not there', { title: 'Countess' }, {}, 'title', /is no attribute/],
  [
    'a part that is not there',
    { emails: [{ type: 'work', value: 'a', display: 'b' }] },
    {},
    'emails[type eq "work"].display',
    /is no attribute/,
  ],
  [
    'more than one value where one is taken',
    {
      emails: [
        { type: 'work', value: 'a' },
        { type: 'home', value: 'b' },
      ],
    },
    { singleValued: true },
    'emails',
    /has 2 values/,
  ],
])('%s is named with its path and what to do', (_, changes, profileChanges, path, problem) => {
  expect(findRefusals({ ...good, ...changes }, schema, profile(profileChanges))).toEqual([
    { path, problem: expect.stringMatching(problem) },
  ]);
});

test('a preview says for each row its value, where it comes from and what is wrong with it', () => {
  const manager = `${enterprise}:manager.value`;
  const rows = [
    userName,
    row('displayName', { $case: 'expression', value: 'user.name.fullName' }),
    row('title', 'organizations[primary].title', { defaultValue: 'Staff' }),
    row('nickName', 'name.givenName', { required: true }),
    row('emails[type eq "other"].value', 'aliases'),
    row(manager, 'relations[type=manager].value'),
    row('userType', constant('Robot')),
    row('locale', 'languages[primary].languageCode'),
  ];
  const user = {
    primaryEmail: 'ada.lovelace.long@example.com',
    aliases: ['a@x.example', 'b@x.example'],
    relations: [{ type: 'manager', value: 'boss@example.com' }],
  };
  const { values } = previewUser(rows, user, new Map(), { ...schema, discovered: false }, undefined);
  expect(values).toEqual([
    {
      target: 'userName',
      value: 'ada.lovelace.long@example.com',
      origin: 'the attribute primaryEmail',
      problem: expect.stringContaining('has 29 characters'),
    },
    { target: 'displayName', origin: 'the expression', problem: expect.stringMatching(/fails for this person: 1:5: /) },
    {
      target: 'title',
      value: 'Staff',
      origin: 'the default, because the attribute organizations[primary].title has no value',
      problem: '',
    },
    { target: 'nickName', origin: 'the attribute name.givenName', problem: expect.stringContaining('is required') },
    {
      target: 'emails[type eq "other"].value',
      value: ['a@x.example', 'b@x.example'],
      origin: 'the attribute aliases',
      problem: '',
    },
    { target: manager, origin: expect.any(String), problem: expect.stringContaining('has no account yet') },
    {
      target: 'userType',
      value: 'Robot',
      origin: 'the constant',
      problem: expect.stringContaining('none of the values'),
    },
    { target: 'locale', origin: expect.any(String), problem: '' },
  ]);
  const known = previewUser(rows, user, new Map([['boss@example.com', 'sp-7']]), undefined, undefined);
  expect(known.values[5]).toMatchObject({ value: 'sp-7', problem: '' });
});
