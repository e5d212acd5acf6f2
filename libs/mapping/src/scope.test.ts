import { expect, test } from '@jest/globals';
import { DirectoryUser, ProvisioningScope } from '@autoprov/proto';
import { isInScope } from './scope.ts';

const user = DirectoryUser.fromPartial({
  name: 'customers/acme/users/42',
  primaryEmail: 'ada@example.com',
  orgUnitPath: '/Sales/EMEA/North',
  groups: ['crm@example.com'],
  attributes: { name: { familyName: 'Lovelace' } },
});

test.each<[string, Partial<ProvisioningScope>, boolean | undefined]>([
  ['everybody when nothing is named', {}, true],
  ['a member of a named group', { groups: ['x@example.com', 'crm@example.com'] }, true],
  ['not a person of no named group', { groups: ['x@example.com'] }, false],
  ['a person below an included org unit', { orgUnits: ['/Sales'] }, true],
  ['not a person of an org unit with a like name', { orgUnits: ['/Sales/EMEA/Nor'] }, false],
  ['not a person of another org unit', { orgUnits: ['/Support'] }, false],
  ['not a person below an excluded org unit', { excludedOrgUnits: ['/Sales'] }, false],
  [
    'a person below a unit that is on again below one that is off',
    { orgUnits: ['/Sales/EMEA'], excludedOrgUnits: ['/Sales'] },
    true,
  ],
  [
    'not a person below a unit that is off below one that is on',
    { orgUnits: ['/'], excludedOrgUnits: ['/Sales/EMEA'] },
    false,
  ],
  ['only who is in both an org unit and a group', { orgUnits: ['/Support'], groups: ['crm@example.com'] }, false],
  ['a person named by address', { groups: ['x@example.com'], persons: ['ADA@example.com'] }, true],
  ['not others when only persons are named', { persons: ['41'] }, false],
  ['a person for whom the filter is true', { filter: 'user.name.familyName == "Lovelace"' }, true],
  ['not a person for whom the filter is false', { filter: 'user.name.familyName == "Byron"' }, false],
  ['perhaps a person for whom the filter fails', { filter: 'user.name.nickName == "Ada"' }, undefined],
  ['perhaps a person for whom the filter is neither true nor false', { filter: 'user.name.familyName' }, undefined],
  ['perhaps a person whose filter cannot be compiled', { filter: 'user.name.' }, undefined],
  ['not a person of no named group, whose filter fails', { groups: ['x@example.com'], filter: 'user.nope' }, false],
  ['a person named by address, whose filter fails', { persons: ['42'], filter: 'user.nope' }, true],
  [
    'others by the filter beside named persons',
    { persons: ['41'], filter: 'user.name.familyName == "Lovelace"' },
    true,
  ],
  ['never an excluded person, whose filter fails', { excludedPersons: ['42'], filter: 'user.nope' }, false],
  ['never an excluded person', { persons: ['42'], excludedPersons: ['42'] }, false],
])('the scope holds %s', (_, scope, inScope) => {
  const verdict = isInScope(ProvisioningScope.fromPartial(scope), user);
  expect(verdict.inScope).toBe(inScope);
  expect(verdict.explanation).not.toBe('');
});
