import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namedCustomers } from './named-customers.ts';

test.each<[string, unknown, string[]]>([
  ['a name', { name: 'customers/acme' }, ['acme']],
  ['a name below', { name: 'customers/acme/apps/crm/setup' }, ['acme']],
  [
    'a person by address',
    { app: 'customers/acme/apps/crm', user: 'customers/acme/users/a.b+c@acme.example' },
    ['acme'],
  ],
  ['two', { parent: 'customers/acme', filter: { app: 'customers/globex/apps/crm' } }, ['acme', 'globex']],
  ['a list', { parent: 'customers/acme', names: ['customers/globex/users/1'] }, ['acme', 'globex']],
  [
    'values and keys of a map',
    { parent: 'customers/acme', x: { 'customers/globex': 'customers/initech' } },
    ['acme', 'globex', 'initech'],
  ],
  ['an update', { setup: { name: 'customers/acme/apps/crm/setup' }, updateMask: ['state'] }, ['acme']],
  ['all', { parent: 'customers/-' }, ['-']],
  ['all, below', { name: 'customers/-/roleBindings/x' }, ['-']],
  ['none', { pageSize: 3 }, ['-']],
  ['an empty name', { name: '' }, ['-']],
  ['something else', { name: 'failures/abc' }, ['-']],
])('%s', (_, request, customers) => {
  expect([...namedCustomers(request)].sort()).toEqual(customers);
});

test.each<[string, unknown]>([
  ['a page token', { pageToken: 'customers/acme' }],
  ['a display name', { customerId: 'globex', customer: { name: 'customers/acme', displayName: 'customers/acme' } }],
  ['an id', { customerId: 'customers/acme' }],
  ['a name beside a target that is something else', { name: 'failures/abc', parent: 'customers/acme' }],
  ['a name deep inside', { filter: { app: 'customers/acme/apps/crm' } }],
])('%s never makes a request one of that customer alone', (_, request) => {
  expect(namedCustomers(request)).toContain('-');
});

test.each([
  'customers/acme/../globex',
  'customers/acme/./x',
  'customers/acme//globex',
  'customers/acme/',
  'customers/acme/customers/globex',
  'customers/acme%2f..%2fglobex',
  'customers/acme/apps/%2e%2e',
  'customers%2Fglobex',
  'customers\\globex',
  'customers/ACME',
  'Customers/acme',
  ' customers/acme',
  '/customers/acme',
  '//customers/acme',
  'customers/acme\n/apps/crm',
  'customers/acme/apps/c rm',
  'customers/acme?x',
  'customers/acme#x',
  'customers/аcme', // Cyrillic
  'customers/',
  'customers/a',
])('%j is nobody’s name: it needs a role for all', (name) => {
  expect(namedCustomers({ name })).toContain('-');
  expect(namedCustomers({ parent: 'customers/acme', x: { y: [name] } })).toContain('-');
});

test('a foreign name is found wherever it stands, and nothing that is added takes it away', () => {
  fc.assert(
    fc.property(fc.object({ withNullPrototype: true }), fc.array(fc.string()), (noise, path) => {
      const inner = path.reduce<unknown>((value, key) => ({ [`_${key}`]: [value] }), 'customers/globex/apps/crm');
      expect(namedCustomers({ ...noise, parent: 'customers/acme', inner })).toContain('globex');
    }),
  );
});

test('a request as deep as 4 MiB can be does not exhaust the stack', () => {
  let deep: unknown = 'customers/globex';
  for (let i = 0; i < 1_000_000; i++) deep = { v: deep };
  expect(namedCustomers({ parent: 'customers/acme', deep })).toContain('globex');
});
