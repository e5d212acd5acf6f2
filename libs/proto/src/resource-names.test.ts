import { expect, test } from '@jest/globals';
import { parseAppName, parseCustomerName, parseUserName } from './index.ts';

test('names are taken apart', () => {
  expect(parseCustomerName('customers/acme')).toEqual({ customerId: 'acme' });
  expect(parseAppName('customers/acme/apps/crm')).toEqual({ customerId: 'acme', appId: 'crm' });
  expect(parseUserName('customers/acme/users/1042')).toEqual({ customerId: 'acme', userId: '1042' });
});

test.each(['', 'customers/', 'customers/ACME', 'customers/a', 'customers/acme/', 'x/customers/acme', 'customers/-'])(
  '%j names no customer',
  (name) => expect(parseCustomerName(name)).toBeUndefined(),
);

test('a name of another kind is no name of this kind', () => {
  expect(parseAppName('customers/acme/users/crm')).toBeUndefined();
  expect(parseAppName('customers/acme/apps/crm/setup')).toBeUndefined();
  expect(parseUserName('customers/acme/users/1/2')).toBeUndefined();
});
