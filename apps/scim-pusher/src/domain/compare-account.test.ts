import { describe, expect, test } from '@jest/globals';
import { MappingRow, MappingRow_Apply, MappingRow_OnNull } from '@autoprov/proto';
import { enterpriseUserUrn, type JsonObject, type ScimUser } from '@autoprov/scim';
import fc from 'fast-check';
import { findDrift, withFound } from './compare-account.ts';

const targets = ['userName', 'title', 'name.givenName', 'name.familyName', 'emails[type eq "work"].value'];
const row = (target: string, changes: Partial<MappingRow> = {}) => ({
  ...MappingRow.fromPartial({ target }),
  ...changes,
});
const rows = [...targets, `${enterpriseUserUrn}:department`].map((target) => row(target));

const accepted: ScimUser = {
  userName: 'ada@example.com',
  active: true,
  title: 'Engineer',
  name: { givenName: 'Ada', familyName: 'Byron' },
  emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
  [enterpriseUserUrn]: { department: 'R&D' },
};

describe('drift', () => {
  test.each<[what: string, found: object, drifts: object[]]>([
    ['nothing', {}, []],
    ['what no row manages', { nickName: 'x', id: '7', meta: { version: '2' } }, []],
    ['another letter case of names and addresses', { userName: 'Ada@Example.com' }, []],
    [
      'a second address beside ours',
      { emails: [...accepted.emails!, { value: 'home@example.com', type: 'home' }] },
      [],
    ],
    ['an access that is not shown', { active: undefined }, []],
    ['an access in words', { active: 'True' }, []],
    ['another value', { title: 'Boss' }, [{ attribute: 'title', accepted: 'Engineer', found: 'Boss' }]],
    ['no value', { title: undefined }, [{ attribute: 'title', accepted: 'Engineer' }]],
    ['no access', { active: false }, [{ attribute: 'active', accepted: true, found: false }]],
    [
      'a part of an attribute',
      { name: { givenName: 'Eve', familyName: 'Byron' } },
      [{ attribute: 'name', accepted: accepted.name, found: { givenName: 'Eve', familyName: 'Byron' } }],
    ],
    [
      'an attribute of an extension',
      { [enterpriseUserUrn]: { department: 'Sales' } },
      [{ attribute: `${enterpriseUserUrn}:department`, accepted: 'R&D', found: 'Sales' }],
    ],
  ])('%s', (_, found, drifts) => {
    expect(findDrift(rows, accepted, { ...accepted, ...found } as JsonObject)).toEqual(drifts);
  });

  test('is a value where we have accepted none, but not where the mapping leaves that to others', () => {
    const { title: _title, ...untitled } = accepted;
    const found = { ...accepted, title: 'Boss' } as JsonObject;
    expect(findDrift(rows, untitled, found)).toEqual([{ attribute: 'title', found: 'Boss' }]);
    const kept = [row('userName'), row('title', { onNull: MappingRow_OnNull.ON_NULL_KEEP })];
    expect(findDrift(kept, untitled, found)).toEqual([]);
    const once = [row('userName'), row('title', { apply: MappingRow_Apply.APPLY_ON_CREATE })];
    expect(findDrift(once, accepted, found)).toEqual([]);
  });
});

const text = fc.stringMatching(/^[a-z]{1,3}$/);
const maybe = fc.option(text, { nil: undefined });
const user = fc
  .record({ userName: text, title: maybe, givenName: maybe, department: maybe, email: maybe, active: fc.boolean() })
  .map(({ userName, title, givenName, department, email, active }): ScimUser => ({
    userName,
    active,
    ...(title !== undefined && { title }),
    ...(givenName !== undefined && { name: { givenName } }),
    ...(email !== undefined && { emails: [{ value: email, type: 'work', primary: true }] }),
    ...(department !== undefined && { [enterpriseUserUrn]: { department } }),
  }));

test('what was accepted has no drift, and what was found has none once it counts as accepted', () => {
  fc.assert(
    fc.property(user, user, (before, now) => {
      expect(findDrift(rows, before, before as JsonObject)).toEqual([]);
      const drifts = findDrift(rows, before, now as JsonObject);
      expect(findDrift(rows, withFound(before, drifts), now as JsonObject)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
