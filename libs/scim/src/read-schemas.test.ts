import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import SCIMMY from 'scimmy';
import { enterpriseUserUrn, readUserAttributes, rfcUserAttributes, userUrn, type JsonValue } from './index.ts';

const user = {
  id: userUrn,
  name: 'User',
  attributes: [
    { name: 'userName', type: 'string', required: true, uniqueness: 'server', mutability: 'readWrite' },
    {
      name: 'emails',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'value' }, { name: 'type', canonicalValues: ['work', 'home'] }],
    },
  ],
};
const group = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  attributes: [{ name: 'displayName' }],
};
const enterprise = { id: enterpriseUserUrn, name: 'EnterpriseUser', attributes: [{ name: 'department' }] };
const badge = { id: 'urn:example:2.0:Badge', name: 'Badge', attributes: [{ name: 'number', type: 'integer' }] };
const schemas = [group, badge, enterprise, user];

const list = (resources: JsonValue[]) => ({ totalResults: resources.length, Resources: resources });
const pathsOf = (body: JsonValue, resourceTypes?: JsonValue) => {
  const found = readUserAttributes(body, resourceTypes);
  return Array.isArray(found) ? found.map(({ path }) => path) : found;
};
const corePaths = ['id', 'externalId', 'userName', 'emails', 'emails.value', 'emails.type'];
const department = `${enterpriseUserUrn}:department`;

test.each<[string, JsonValue]>([
  ['a list', list(schemas)],
  ['a bare array', schemas],
  ['a list with names in another case', { TotalResults: 4, resources: schemas }],
  ['a list in a member of its own name', { schemas }],
])('a user is read from %s, with the extensions of users', (_, body) => {
  expect(pathsOf(body)).toEqual([...corePaths, department]);
});

test('one object is one schema', () => {
  expect(pathsOf(user)).toEqual(corePaths);
});

test('resource types say which schemas belong to a user', () => {
  const type = { name: 'User', endpoint: '/Users', schema: userUrn, schemaExtensions: [{ schema: badge.id }] };
  const types = list([{ name: 'Group', endpoint: '/Groups', schema: group.id }, type]);
  expect(pathsOf(list(schemas), types)).toEqual([...corePaths, 'urn:example:2.0:Badge:number']);
  expect(pathsOf(list(schemas), list([]))).toEqual([...corePaths, department]);
});

test('characteristics are read, with the defaults of RFC 7643 §2.2 where they are missing or unknown', () => {
  const odd = {
    ...user,
    attributes: [...user.attributes, { name: 'active', type: 'BOOLEAN', Required: 'true', mutability: '?' }],
  };
  const found = readUserAttributes([odd], undefined);
  expect(found).toContainEqual(expect.objectContaining({ path: 'userName', required: true, uniqueness: 'server' }));
  expect(found).toContainEqual(expect.objectContaining({ path: 'emails', type: 'complex', multiValued: true }));
  expect(found).toContainEqual(expect.objectContaining({ path: 'emails.type', canonicalValues: ['work', 'home'] }));
  expect(found).toContainEqual({
    path: 'active',
    type: 'boolean',
    required: true,
    mutability: 'readWrite',
    uniqueness: 'none',
    multiValued: false,
    canonicalValues: [],
    description: '',
  });
});

test('the schema of SCIM 1.1 holds its extensions within itself', () => {
  const urn = 'urn:scim:schemas:core:1.0';
  const extension = 'urn:scim:schemas:extension:enterprise:1.0';
  const attributes = [
    { name: 'userName', schema: urn, readOnly: false, required: true },
    { name: 'meta', schema: urn, readOnly: true },
    { name: 'department', schema: extension, readOnly: false },
  ];
  const found = readUserAttributes(
    { id: `${urn}:User`, name: 'User', schema: urn, endpoint: '/Users', attributes },
    undefined,
  );
  expect(found).toContainEqual(expect.objectContaining({ path: 'meta', mutability: 'readOnly' }));
  expect(found).toContainEqual(expect.objectContaining({ path: `${extension}:department` }));
});

test.each<[string, JsonValue | undefined, undefined | 'unreadable']>([
  ['an empty list holds no user', list([]), undefined],
  ['a schema of groups holds no user', list([group]), undefined],
  ['a user without userName is none', list([{ ...user, attributes: [] }]), undefined],
  ['an error is no schema', { detail: 'Something broke' }, 'unreadable'],
  ['an array of others is no schema', [{ login: 'ada' }], 'unreadable'],
  ['nothing is no schema', undefined, 'unreadable'],
  ['text is no schema', 'hello', 'unreadable'],
])('%s', (_, body, expected) => {
  expect(readUserAttributes(body, undefined)).toBe(expected);
});

test('names that are no attribute names are left out', () => {
  const names = ['__proto__', 'a b', 'x'.repeat(200), 'a.b', '', 'ok'];
  const attributes = [...user.attributes, ...names.map((name) => ({ name }))];
  expect(pathsOf([{ ...user, attributes }])).toEqual(
    [...corePaths, '__proto__', 'ok'].filter((it) => it !== '__proto__'),
  );
});

test('whatever comes, nothing is thrown, paths are unique, and parents come before their parts', () => {
  const name = fc.oneof(
    fc.constantFrom('userName', 'name', 'emails', 'EMAILS', 'value', '__proto__', 'constructor'),
    fc.string(),
  );
  const scalar = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null));
  const attribute = fc.record(
    {
      name: fc.oneof(name, scalar),
      type: fc.oneof(fc.constantFrom('complex', 'STRING', 'x'), scalar),
      required: scalar,
      multiValued: scalar,
      mutability: scalar,
      canonicalValues: fc.oneof(scalar, fc.array(scalar)),
      subAttributes: fc.oneof(scalar, fc.array(fc.record({ name: fc.oneof(name, scalar) }))),
    },
    { requiredKeys: [] },
  );
  const schema = fc.record(
    {
      id: fc.oneof(fc.constantFrom(userUrn, enterpriseUserUrn, group.id, 'urn:scim:schemas:core:1.0'), scalar),
      name: fc.oneof(fc.constantFrom('User', 'Group'), scalar),
      attributes: fc.oneof(fc.array(attribute), scalar),
    },
    { requiredKeys: [] },
  );
  const type = fc.record({
    name: scalar,
    endpoint: fc.constantFrom('/Users', '/x'),
    schema: fc.oneof(fc.constant(userUrn), scalar),
  });
  const answer = fc.oneof(
    fc.jsonValue(),
    fc.array(schema),
    schema,
    fc.array(schema).map((Resources) => ({ Resources })),
  );
  fc.assert(
    fc.property(answer, fc.oneof(fc.jsonValue(), fc.array(type), fc.constant(undefined)), (body, types) => {
      const found = readUserAttributes(body as JsonValue, types as JsonValue);
      if (!Array.isArray(found)) return;
      const paths = found.map(({ path }) => path.toLowerCase());
      expect(new Set(paths).size).toBe(paths.length);
      paths.forEach((path, i) => {
        const parent = /^((?:.*:)?[^.:]+)\.[^.:]+$/.exec(path)?.[1];
        if (parent !== undefined) expect(paths.indexOf(parent)).toBeLessThan(i);
        if (parent !== undefined) expect(paths).toContain(parent);
      });
    }),
    { numRuns: 500 },
  );
});

test("RFC 7643's attributes are those that a server of its schema describes", () => {
  const described = [SCIMMY.Schemas.User.definition.describe(), SCIMMY.Schemas.EnterpriseUser.definition.describe()];
  const paths = pathsOf(JSON.parse(JSON.stringify(described)) as JsonValue) as string[];
  expect(rfcUserAttributes.map(({ path }) => path).toSorted()).toEqual(
    paths.filter((path) => path !== 'meta').toSorted(),
  );
});
