import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scimPatch } from 'scim-patch';
import type { ScimPatchOperation, ScimResource as PatchedResource } from 'scim-patch';
import SCIMMY from 'scimmy';
import { arbitraryUser } from './arbitrary-user.ts';
import { diffUser, digestOf, enterpriseUserUrn, patchRequest } from './index.ts';
import type { PatchOperation, ScimUser } from './index.ts';

// scimmy's own types want an instance where its documentation and its code want the class.
SCIMMY.Schemas.User.extend(SCIMMY.Schemas.EnterpriseUser as unknown as SCIMMY.Types.Attribute[]);

/** Applies operations with an implementation that is not ours. */
function applied(user: ScimUser, operations: PatchOperation[]): ScimUser {
  const resource = structuredClone(user) as unknown as PatchedResource;
  return scimPatch(resource, operations as ScimPatchOperation[]) as unknown as ScimUser;
}

function stateOf(user: ScimUser): string {
  return digestOf({ ...user, schemas: [] });
}

test('applied by another implementation, the operations turn what was accepted into what is desired', () => {
  fc.assert(
    fc.property(arbitraryUser, arbitraryUser, (accepted, desired) => {
      expect(stateOf(applied(accepted, diffUser(accepted, desired)))).toBe(stateOf(desired));
    }),
    { numRuns: 1000 },
  );
});

test('what was accepted needs no operation, in whatever order and spelling it is desired', () => {
  fc.assert(
    fc.property(arbitraryUser, (user) => {
      const shuffled = Object.fromEntries(
        Object.entries(user)
          .toReversed()
          .map(([name, value]) => [name, Array.isArray(value) ? value.toReversed() : value]),
      );
      expect(diffUser(user, shuffled)).toEqual([]);
    }),
  );
});

test('a strict server accepts every request that is made of the operations', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryUser, arbitraryUser, async (accepted, desired) => {
      const operations = diffUser(accepted, desired);
      if (operations.length === 0) return;
      const { emails = [], phoneNumbers = [] } = accepted;
      const stored = { ...accepted, id: '1', emails, phoneNumbers } as ConstructorParameters<
        typeof SCIMMY.Schemas.User
      >[0];
      const request = patchRequest(operations) as ConstructorParameters<typeof SCIMMY.Messages.PatchOp>[0];
      await new SCIMMY.Messages.PatchOp(request).apply(new SCIMMY.Schemas.User(stored, 'out'));
    }),
    { numRuns: 300 },
  );
});

describe('operations', () => {
  const user: ScimUser = {
    userName: 'ann',
    name: { givenName: 'Ann', familyName: 'Lee' },
    active: true,
    emails: [{ type: 'work', value: 'ann@example.com', primary: true }],
    [enterpriseUserUrn]: { department: 'Sales', manager: { value: '7' } },
  };

  test('name only what differs, by path', () => {
    const desired: ScimUser = {
      ...user,
      name: { givenName: 'Anna', familyName: 'Lee' },
      emails: [{ type: 'work', value: 'anna@example.com', primary: true }],
      [enterpriseUserUrn]: { department: 'R&D', manager: { value: '8' } },
      title: 'Lead',
    };
    expect(diffUser(user, desired)).toEqual([
      { op: 'replace', path: 'name.givenName', value: 'Anna' },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'anna@example.com' },
      { op: 'replace', path: `${enterpriseUserUrn}:department`, value: 'R&D' },
      { op: 'replace', path: `${enterpriseUserUrn}:manager`, value: { value: '8' } },
      { op: 'add', path: 'title', value: 'Lead' },
    ]);
  });

  test('remove what is no longer desired, first and without a value', () => {
    const desired: ScimUser = { userName: 'ann', name: { givenName: 'Ann' }, active: false };
    expect(diffUser(user, desired)).toEqual([
      { op: 'remove', path: 'name.familyName' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: `${enterpriseUserUrn}:department` },
      { op: 'remove', path: `${enterpriseUserUrn}:manager` },
      { op: 'replace', path: 'active', value: false },
    ]);
  });

  test('move the primary mark so that never two values have it', () => {
    const accepted: ScimUser = {
      emails: [
        { type: 'work', value: 'a', primary: true },
        { type: 'home', value: 'b' },
      ],
    };
    const desired: ScimUser = {
      emails: [
        { type: 'work', value: 'a' },
        { type: 'home', value: 'b', primary: true },
      ],
    };
    expect(diffUser(accepted, desired)).toEqual([
      { op: 'remove', path: 'emails[type eq "work"].primary' },
      { op: 'add', path: 'emails[type eq "home"].primary', value: true },
    ]);
  });

  test('replace the whole set where no filter can name its values', () => {
    const accepted: ScimUser = { emails: [{ value: 'a' }, { value: 'b' }] };
    expect(diffUser(accepted, { emails: [{ value: 'b' }] })).toEqual([
      { op: 'replace', path: 'emails', value: [{ value: 'b' }] },
    ]);
  });

  test('carry active as a JSON boolean, and never touch what the service provider keeps', () => {
    const desired = {
      active: 'False',
      id: '2',
      meta: { version: '2' },
      groups: [{ value: 'g' }],
    } as unknown as ScimUser;
    expect(diffUser({ active: true, id: '1' }, desired)).toEqual([{ op: 'replace', path: 'active', value: false }]);
  });

  test('compare names without regard to case', () => {
    expect(diffUser({ USERNAME: 'ann' }, { userName: 'ann' })).toEqual([]);
  });
});
