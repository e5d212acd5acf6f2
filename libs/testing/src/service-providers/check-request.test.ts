import { expect, test } from '@jest/globals';
import { findFault, type WireRequest } from './check-request.ts';

const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const headers = { accept: 'application/scim+json, application/json', 'content-type': 'application/scim+json' };

function request(method: string, path: string, body?: unknown, more: WireRequest['headers'] = {}): WireRequest {
  return { method, path, headers: { ...headers, ...more }, body: body === undefined ? '' : JSON.stringify(body) };
}
const patch = (...operations: unknown[]): WireRequest =>
  request('PATCH', '/Users/1', { schemas: [patchOp], Operations: operations });

test.each([
  request('GET', '/ServiceProviderConfig'),
  request('GET', '/Users?startIndex=1&count=100'),
  request('GET', `/Users?filter=${encodeURIComponent('userName eq "a\\"b@example.com"')}`),
  request('GET', '/Users/1'),
  request('DELETE', '/Users/1'),
  request('POST', '/Users', {
    schemas: [user, enterprise],
    userName: 'a@example.com',
    externalId: '1',
    active: true,
    emails: [{ type: 'work', value: 'a@example.com', primary: true }],
    name: { givenName: 'A' },
    [enterprise]: { department: 'D', manager: { value: '2' } },
  }),
  patch({ op: 'replace', path: 'active', value: false }, { op: 'remove', path: 'emails[type eq "work"]' }),
  patch({ op: 'replace', path: 'emails[type eq "work"].value', value: 'b@example.com' }),
  patch({ op: 'add', path: `${enterprise}:manager.value`, value: '2' }),
  patch({ op: 'add', value: { title: 'T', [enterprise]: { costCenter: 'C' } } }),
])('a valid request has no fault: $method $path $body', (valid) => {
  expect(findFault(valid)).toBeUndefined();
});

test.each<[string, WireRequest]>([
  ['a path of nobody', request('GET', '/People')],
  ['a parameter of nobody', request('GET', '/Users?page=2')],
  ['a page that is no number', request('GET', '/Users?startIndex=one')],
  ['a filter that is none', request('GET', `/Users?filter=${encodeURIComponent('userName == "a"')}`)],
  ['a create at an account', request('POST', '/Users/1', { schemas: [user], userName: 'a' })],
  ['a create without its name', request('POST', '/Users', { schemas: [user], externalId: '1' })],
  ['a create without schemas', request('POST', '/Users', { userName: 'a' })],
  ['an attribute that SCIM does not have', request('POST', '/Users', { schemas: [user], userName: 'a', dept: 'b' })],
  ['a value of another type', request('POST', '/Users', { schemas: [user], userName: 'a', active: 'yes' })],
  [
    'an extension that schemas do not name',
    request('POST', '/Users', { schemas: [user], userName: 'a', [enterprise]: { department: 'D' } }),
  ],
  [
    'another content type',
    request('POST', '/Users', { schemas: [user], userName: 'a' }, { 'content-type': 'text/plain' }),
  ],
  ['a PATCH without operations', patch()],
  ['an operation of nobody', patch({ op: 'set', path: 'title', value: 'T' })],
  ['a path that the schema does not have', patch({ op: 'replace', path: 'emails.worth', value: 'T' })],
  ['a remove without a path', patch({ op: 'remove' })],
  [
    'a PATCH of another message',
    request('PATCH', '/Users/1', { schemas: [user], Operations: [{ op: 'remove', path: 'title' }] }),
  ],
  ['a DELETE with a body', request('DELETE', '/Users/1', {})],
])('%s is a fault', (_, invalid) => {
  expect(findFault(invalid)).toMatch(/is no valid SCIM request/);
});
