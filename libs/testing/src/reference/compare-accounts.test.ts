import { expect, test } from '@jest/globals';
import { examplePeople } from '../directory/example-people.ts';
import { enterpriseUrn } from '../service-providers/list-accounts.ts';
import type { ScimAccount } from '../service-providers/list-accounts.ts';
import { compareAccounts } from './compare-accounts.ts';
import { demandedAccounts } from './demanded-accounts.ts';

const { state, accessGroup } = examplePeople({ users: 60 });
const demanded = demandedAccounts(state, { groups: [accessGroup] });

/** Just what is demanded, as a service provider would show it. */
function perfectAccounts(): ScimAccount[] {
  return demanded
    .filter(({ must }) => must === 'active')
    .map(({ externalId, managerId, attributes: a }) => ({
      id: `sp-${externalId}`,
      externalId,
      active: true,
      userName: a.userName,
      displayName: a.displayName,
      name: { givenName: a.givenName, familyName: a.familyName, formatted: a.formatted },
      emails: [{ value: a.workEmail, type: 'work', primary: true }],
      ...(a.title && { title: a.title }),
      ...(a.preferredLanguage && { preferredLanguage: a.preferredLanguage }),
      ...(a.workPhone && { phoneNumbers: [{ type: 'work', value: a.workPhone }] }),
      [enterpriseUrn]: {
        ...(a.department && { department: a.department }),
        ...(a.costCenter && { costCenter: a.costCenter }),
        ...(a.organization && { organization: a.organization }),
        ...(a.employeeNumber && { employeeNumber: a.employeeNumber }),
        ...(managerId && { manager: { value: `sp-${managerId}` } }),
      },
    }));
}

/** The differences after one account, that of a titled person who manages nobody, was spoilt. */
function differencesAfter(spoil: (account: ScimAccount, all: ScimAccount[]) => void): string[] {
  const all = perfectAccounts();
  spoil(
    all.findLast(({ title, [enterpriseUrn]: work }) => title && work?.manager)!,
    all,
  );
  return compareAccounts(all, demanded).differences;
}

test('what is demanded differs in nothing', () => {
  expect(compareAccounts(perfectAccounts(), demanded)).toEqual({ differences: [], unmanaged: [] });
});

test.each<[string, RegExp, (account: ScimAccount, all: ScimAccount[]) => void]>([
  ['a missing account', /has no account/, (one, all) => all.splice(all.indexOf(one), 1)],
  ['a suspended account', /is suspended and must be active/, (one) => (one.active = false)],
  ['another title', /title is "Clown" and must be/, (one) => (one.title = 'Clown')],
  ['a title too few', /title is undefined and must be/, (one) => delete one.title],
  ['a changed userName', /userName is "x@y"/, (one) => (one.userName = 'x@y')],
  ['a primary e-mail that is not of type work', /workEmail is undefined/, (one) => (one.emails![0]!.type = 'home')],
  ['a manager who is somebody else', /manager is nobody-we-know/, (one) => setManager(one, 'nobody-we-know')],
])('%s is one difference', (_, words, spoil) => {
  expect(differencesAfter(spoil)).toEqual([expect.stringMatching(words)]);
});

test('a second account of one person is found, by externalId and by userName', () => {
  expect(differencesAfter((one, all) => all.push({ ...one, id: 'second' }))).toEqual([
    expect.stringMatching(/has 2 accounts/),
    expect.stringMatching(/is the userName of 2 accounts/),
  ]);
  const { externalId: _, ...nameless } = perfectAccounts()[0]!;
  expect(differencesAfter((_one, all) => all.push({ ...nameless, id: 'second' }))).toHaveLength(1);
});

test('an active account of somebody out of scope is a difference, a suspended one is not', () => {
  const { externalId, attributes } = demanded.find(({ must }) => must === 'not-active')!;
  const extra = { id: 'extra', externalId, userName: attributes.userName };
  expect(differencesAfter((_, all) => all.push({ ...extra, active: true }))).toEqual([
    expect.stringMatching(/is active and must not be/),
  ]);
  expect(differencesAfter((_, all) => all.push({ ...extra, active: false }))).toEqual([]);
});

test('an account that is nobody of ours is listed apart and is no difference', () => {
  const stranger = { id: 's', externalId: 'legacy', userName: 'stranger@example.org' };
  expect(compareAccounts([...perfectAccounts(), stranger], demanded)).toEqual({
    differences: [],
    unmanaged: [stranger],
  });
});

test('a manager that is not shown is no difference', () => {
  expect(differencesAfter((one) => delete one[enterpriseUrn]!.manager)).toEqual([]);
});

function setManager(account: ScimAccount, value: string): void {
  account[enterpriseUrn]!.manager = { value };
}
