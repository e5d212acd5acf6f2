import { beforeEach, expect, test } from '@jest/globals';
import { addGroup, addMember, deleteUser, update } from '../directory/changes.ts';
import { plainPeople } from '../directory/plain-people.ts';
import type { DirectoryState } from '../directory/state.ts';
import { demandedAccounts } from './demanded-accounts.ts';
import type { DemandedSetup } from './demanded-accounts.ts';

let state: DirectoryState;
beforeEach(() => {
  state = plainPeople({ users: 6, groups: 2, membersPerGroup: 2 });
});

const user = (number: number) => `user00000${number}@example.com`;
const idOf = (number: number) => `10000000000000000000${number}`;

/** What must be for each person, by the last digit of the number. */
const must = (setup: DemandedSetup) => demandedAccounts(state, setup).map((account) => account.must);

test('without groups everybody is demanded', () => {
  expect(must({})).toEqual(Array(6).fill('active'));
});

test('members of nested groups are demanded, also when two groups nest each other', () => {
  addMember(state, { group: 'group001@example.com', nested: 'group002@example.com' });
  addMember(state, { group: 'group002@example.com', nested: 'group001@example.com' });
  const [a, b] = ['active', 'not-active'];
  expect(must({ groups: ['group001@example.com'] })).toEqual([a, a, a, a, b, b]);
});

test('a group that holds everybody demands everybody, a group that is gone nobody', () => {
  addGroup(state, { email: 'all@example.com' });
  addMember(state, { group: 'all@example.com', everybody: true });
  expect(must({ groups: ['all@example.com'] })).toEqual(Array(6).fill('active'));
  expect(must({ groups: ['gone@example.com'] })).toEqual(Array(6).fill('not-active'));
});

test('who left is suspended, kept or deleted by the policy of that trigger; an account that was there must stay', () => {
  update(state, { user: user(2), set: { suspended: true } });
  update(state, { user: user(3), set: { archived: true } });
  deleteUser(state, { user: user(4) });
  const provisionedBefore = [idOf(2), idOf(4)];
  expect(must({ provisionedBefore })).toEqual(['active', 'suspended', 'not-active', 'suspended', 'active', 'active']);
  const deprovisioning = { suspended: 'keep', archived: 'delete', deleted: 'delete', outOfScope: 'keep' } as const;
  expect(must({ provisionedBefore, deprovisioning }).slice(1, 4)).toEqual(['any', 'absent', 'absent']);
});

test('a deleted person is not out of scope as well', () => {
  deleteUser(state, { user: user(2) });
  const deprovisioning = { deleted: 'suspend', outOfScope: 'delete' } as const;
  expect(must({ groups: ['group001@example.com'], deprovisioning })[1]).toBe('not-active');
});

test('the attributes are those of the default mapping', () => {
  update(state, {
    user: user(2),
    set: {
      organizations: [
        { title: 'Old' },
        { primary: true, title: 'Engineer', department: 'R&D', costCenter: 'CC', name: 'Example Ltd' },
      ],
      externalIds: [
        { type: 'account', value: 'x' },
        { type: 'organization', value: '77' },
      ],
      phones: [
        { type: 'mobile', value: '1' },
        { type: 'work', value: '2' },
      ],
      languages: [{ languageCode: 'fr' }, { languageCode: 'de', preference: 'preferred' }],
      relations: [{ type: 'manager', value: 'ADMIN@example.com' }],
    },
  });
  expect(demandedAccounts(state)[1]).toMatchObject({
    managerId: idOf(1),
    attributes: {
      userName: user(2),
      workEmail: user(2),
      givenName: 'Given',
      familyName: 'Family000002',
      formatted: 'Given Family000002',
      displayName: 'Given Family000002',
      title: 'Engineer',
      department: 'R&D',
      costCenter: 'CC',
      organization: 'Example Ltd',
      employeeNumber: '77',
      workPhone: '2',
      preferredLanguage: 'de',
    },
  });
});
