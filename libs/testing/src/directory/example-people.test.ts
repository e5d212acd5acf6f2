import { expect, test } from '@jest/globals';
import { demandedAccounts } from '../reference/demanded-accounts.ts';
import { examplePeople } from './example-people.ts';
import { plainPeople } from './plain-people.ts';

test('the same seed makes the same people, another seed others', () => {
  const [one, same, other] = [1, 1, 2].map((seed) => examplePeople({ users: 100, seed }).state);
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
});

test('a company is as big as asked, with addresses and ids that no two people share', () => {
  const { state } = examplePeople({ users: 2000, groups: 40 });
  const people = [...state.users.values()];
  expect([people.length, state.groups.size]).toEqual([2000, 40]);
  expect(new Set(people.map(({ primaryEmail }) => primaryEmail)).size).toBe(2000);
  expect(people.every(({ id }) => /^\d{21}$/.test(id))).toBe(true);
  expect(people.every(({ primaryEmail }) => /^[a-z0-9.'-]+@example\.com$/.test(primaryEmail))).toBe(true);
});

test('nine of ten people have access through nested groups, the troubled ones among them', () => {
  const { state, accessGroup, troubledPeople } = examplePeople();
  const accounts = demandedAccounts(state, { groups: [accessGroup] });
  const active = accounts.filter(({ must }) => must === 'active');
  expect(active.length).toBeGreaterThan(850);
  expect(active.length).toBeLessThan(950);
  const ids = new Set(active.map(({ externalId }) => externalId));
  expect(troubledPeople.every(({ user }) => ids.has(user.id))).toBe(true);
});

test('plain people are as many as asked, each group with as many different members', () => {
  const { users, groups } = plainPeople({ users: 1000, groups: 20, membersPerGroup: 50 });
  expect([users.size, groups.size]).toEqual([1000, 20]);
  for (const { members } of groups.values()) expect(new Set(members.map(({ id }) => id)).size).toBe(50);
});
