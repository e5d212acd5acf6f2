import { expect, test } from '@jest/globals';
import { checkUrl } from './check-url.ts';

test.each([
  'https://api.example.com',
  'https://api.example.com/scim/v2',
  'https://api.example.com:443/scim',
  'https://api.example.com./scim',
  'https://bücher.example/scim',
])('%s can be used', (url) => {
  expect(checkUrl(url, [])).toBeUndefined();
});

test.each([
  ['', /empty/],
  ['api.example.com/scim', /not a URL/],
  ['https://api.example.com/ scim', /not a URL/],
  ['http://api.example.com/scim', /not https/],
  ['ftp://api.example.com/scim', /not https/],
  ['https://user@api.example.com/scim', /user or password/],
  ['https://:secret@api.example.com/scim', /user or password/],
  ['https://api.example.com/scim?tenant=1', /query or fragment/],
  ['https://api.example.com/scim?', /query or fragment/],
  ['https://api.example.com/scim#', /query or fragment/],
  ['https://api.example.com/scim/', /slash/],
  ['https://api.example.com:8443/scim', /port 8443/],
  ['https://localhost/scim', /not public/],
  ['https://LOCALHOST./scim', /not public/],
  ['https://crm.localhost/scim', /not public/],
  ['https://crm.internal/scim', /not public/],
  ['https://crm/scim', /not public/],
  ['https://127.0.0.1/scim', /address/],
  ['https://2130706433/scim', /address/],
  ['https://0x7f.1/scim', /address/],
  ['https://①②⑦.⓪.⓪.①/scim', /address/],
  ['https://[::1]/scim', /address/],
  ['https://[::ffff:127.0.0.1]/scim', /address/],
  ['https://169.254.169.254/latest', /address/],
])('%s is refused with what to do', (url, advice) => {
  expect(checkUrl(url, [])).toMatch(advice);
});

test('the operator allows a host on all ports or on one', () => {
  expect(checkUrl('https://localhost:8443/scim', ['localhost'])).toBeUndefined();
  expect(checkUrl('https://localhost:8443/scim', ['localhost:8443'])).toBeUndefined();
  expect(checkUrl('https://10.0.0.7/scim', ['10.0.0.7:443'])).toBeUndefined();
  expect(checkUrl('https://localhost:9443/scim', ['localhost:8443'])).toMatch(/not public/);
});

test('an allowed host is still called by https only, without a secret in the URL', () => {
  expect(checkUrl('http://localhost/scim', ['localhost'])).toMatch(/not https/);
  expect(checkUrl('https://a:b@localhost/scim', ['localhost'])).toMatch(/user or password/);
});

test('the operator allows a range of addresses, on port 443', () => {
  const allowed = ['10.20.0.0/16', 'fd12::/48'];
  expect(checkUrl('https://10.20.30.40/scim', allowed)).toBeUndefined();
  expect(checkUrl('https://[fd12::7]/scim', allowed)).toBeUndefined();
  expect(checkUrl('https://10.21.0.1/scim', allowed)).toMatch(/address/);
  expect(checkUrl('https://10.20.30.40:8443/scim', allowed)).toMatch(/port 8443/);
});

test('an IPv6 address is allowed with or without brackets', () => {
  expect(checkUrl('https://[fd12::7]/scim', ['fd12::7'])).toBeUndefined();
  expect(checkUrl('https://[fd12::7]:8443/scim', ['[fd12::7]:8443'])).toBeUndefined();
  expect(checkUrl('https://[fd12::7]:9443/scim', ['[fd12::7]:8443'])).toMatch(/address/);
});

test('a URL of megabytes is refused at once', () => {
  expect(checkUrl(`https://${'a@'.repeat(500_000)}`, [])).toMatch(/longer than/);
});
