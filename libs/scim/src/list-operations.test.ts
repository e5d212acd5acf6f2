import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scimPatch } from 'scim-patch';
import type { ScimPatchOperation, ScimResource as PatchedResource } from 'scim-patch';
import { arbitraryUser } from './arbitrary-user.ts';
import { diffUser, digestOf, enterpriseUserUrn, listsIn, rebaseLists } from './index.ts';
import type { PatchOperation, ScimUser } from './index.ts';

/** Applies operations with an implementation that is not ours. */
function applied(user: ScimUser, operations: PatchOperation[]): ScimUser {
  const resource = structuredClone(user) as unknown as PatchedResource;
  return scimPatch(resource, operations as ScimPatchOperation[]) as unknown as ScimUser;
}

const stateOf = (user: ScimUser): string => digestOf({ ...user, schemas: [] });

describe('lists', () => {
  test.each<[PatchOperation, string[]]>([
    [{ op: 'replace', path: 'title', value: 'T' }, []],
    [{ op: 'add', path: 'name.givenName', value: 'A' }, []],
    [{ op: 'remove', path: `${enterpriseUserUrn}:department` }, []],
    [{ op: 'remove', path: 'emails' }, []],
    [{ op: 'replace', path: 'emails', value: [{ value: 'a@example.com' }] }, []],
    [{ op: 'add', path: 'phoneNumbers', value: [{ type: 'work', value: '1' }] }, ['phoneNumbers']],
    [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'a@example.com' }, ['emails']],
    [{ op: 'remove', path: 'emails[type eq "work"]' }, ['emails']],
    [{ op: 'add', path: 'urn:example:2.0:User:badges', value: ['1'] }, ['urn:example:2.0:User']],
  ])('%j', (operation, lists) => {
    expect(listsIn([operation])).toEqual(lists);
  });
});

test('whatever of an earlier change was done or not, what is made anew leads to what is desired', () => {
  fc.assert(
    fc.property(arbitraryUser, arbitraryUser, arbitraryUser, fc.boolean(), (accepted, lost, desired, isDone) => {
      const current = isDone ? applied(accepted, diffUser(accepted, lost)) : accepted;
      const operations = diffUser(accepted, desired);
      const lists = listsIn(operations);
      const result = applied(current, rebaseLists(operations, current, desired));
      for (const name of lists) {
        expect(stateOf({ [name]: result[name] })).toBe(stateOf({ [name]: desired[name] }));
      }
    }),
    { numRuns: 500 },
  );
});

test('operations that touch no list stay as they are', () => {
  const operations: PatchOperation[] = [{ op: 'replace', path: 'title', value: 'T' }];
  expect(rebaseLists(operations, { title: 'other' }, { title: 'T' })).toEqual(operations);
});
