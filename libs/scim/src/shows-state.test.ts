import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryUser } from './arbitrary-user.ts';
import { digestOf, showsState } from './index.ts';

test('a resource shows its own state, and with more attributes beside it still', () => {
  fc.assert(
    fc.property(arbitraryUser, (user) => {
      expect(showsState({ ...user, id: '1', extra: { more: true } }, user)).toBe(true);
    }),
  );
});

test('names in any case, stored lower-case addresses and "true" count as shown', () => {
  const answer = {
    USERNAME: 'ann@example.com',
    Active: 'True',
    emails: [{ Value: 'ann@example.com', type: 'work' }, { value: 'b' }],
  };
  expect(
    showsState(answer, { userName: 'Ann@Example.com', active: true, emails: [{ value: 'Ann@example.com' }] }),
  ).toBe(true);
});

test('another value, a missing one, and one that should be gone are not the desired state', () => {
  expect(showsState({ title: 'Lead' }, { title: 'lead' })).toBe(false);
  expect(showsState({}, { title: 'Lead' })).toBe(false);
  expect(showsState({ active: true }, { active: false })).toBe(false);
  expect(showsState({ emails: [{ value: 'a' }] }, { emails: [{ value: 'b' }] })).toBe(false);
  expect(showsState({ title: 'Lead' }, { title: null })).toBe(false);
  expect(showsState({ title: '' }, { title: null })).toBe(true);
});

test('a digest depends on the meaning alone', () => {
  const digest = digestOf({ userName: 'ann', emails: [{ value: 'a', type: 'work' }, { value: 'b' }], title: null });
  expect(digest).toBe(digestOf({ emails: [{ value: 'b' }, { type: 'work', value: 'a' }], userName: 'ann' }));
  expect(digest).not.toBe(digestOf({ emails: [{ value: 'b' }], userName: 'ann' }));
  expect(digest).toMatch(/^v1:[0-9a-f]{64}$/);
  // Written down: a change of it, without a change of the prefix, would make every account look changed.
  expect(digestOf({ userName: 'ann' })).toBe('v1:108bb0598d929361ed9cae211f9ff63f920a3a4a9d3c8c1955e0fd45615be7aa');
});
