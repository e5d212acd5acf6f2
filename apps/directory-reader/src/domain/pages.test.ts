import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMembersPage, parseUser, parseUsersPage } from './pages.ts';

test('users.list without its users key is refused, with an empty list it is not', () => {
  expect(() => parseUsersPage({ nextPageToken: 'x' })).toThrow('without its "users" key');
  expect(() => parseUsersPage({ users: null })).toThrow('no list');
  expect(() => parseUsersPage([])).toThrow('JSON object');
  expect(parseUsersPage({ users: [] })).toEqual({ items: [], listed: true, nextPageToken: undefined });
});

test('a user without an id makes the page unusable', () => {
  expect(() => parseUsersPage({ users: [{ id: '1' }, { primaryEmail: 'a@example.com' }] })).toThrow('no id');
});

test.each([
  [{}, 'active'],
  [{ suspended: true }, 'suspended'],
  [{ suspended: true, archived: true }, 'archived'],
  [{ suspended: true, archived: true, deletionTime: '2026-01-01T00:00:00Z' }, 'deleted'],
] as const)('flags %j are the state %s', (flags, state) => {
  expect(parseUser({ id: '1', ...flags }).state).toBe(state);
});

test('fields outside the mask are left out, above all those that change by themselves', () => {
  const { attributes } = parseUser({
    id: '1',
    etag: '"x"',
    lastLoginTime: 'now',
    password: 'p',
    name: { givenName: 'A' },
  });
  expect(attributes).toEqual({ id: '1', name: { givenName: 'A' } });
});

test('whatever text Google sends, what is kept can be stored as jsonb', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\0', ''), (text, odd) => {
      const { attributes } = parseUser({ id: '1', name: { givenName: text + odd, [odd]: [odd] } });
      const json = JSON.stringify(attributes);
      expect(json).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/);
    }),
  );
});

test('of users that come twice on a page the last counts', () => {
  const { items } = parseUsersPage({
    users: [
      { id: '1', suspended: false },
      { id: '1', suspended: true },
    ],
  });
  expect(items.map(({ state }) => state)).toEqual(['suspended']);
});

test('members are users, nested groups and everybody; people of other organisations are ignored', () => {
  const members = [
    { id: '1', type: 'USER', email: 'A@example.com' },
    { id: 'g1', type: 'GROUP', email: 'Nested@Example.com' },
    { id: 'C01', type: 'CUSTOMER' },
    { id: '9', type: 'EXTERNAL' },
    { type: 'USER', email: 'guest@elsewhere.example' },
  ];
  expect(parseMembersPage({ members }).items).toEqual([
    { kind: 'user', id: '1', email: 'a@example.com' },
    { kind: 'group', id: 'g1', email: 'nested@example.com' },
    { kind: 'everybody', id: 'C01', email: '' },
  ]);
});

test('members.list without its members key says so', () => {
  expect(parseMembersPage({})).toEqual({ items: [], listed: false, nextPageToken: undefined });
});
