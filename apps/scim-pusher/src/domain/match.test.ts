import { expect, test } from '@jest/globals';
import { MatchingPolicy, MatchingPolicy_OnExisting, MatchingPolicy_OnForeignExternalId } from '@autoprov/proto';
import type { ScimUser } from '@autoprov/scim';
import { judgeHits } from './match.ts';

const desired = { externalId: '1', userName: 'ada@example.com' } as ScimUser;
const policy = (changes: Partial<MatchingPolicy> = {}): MatchingPolicy => ({
  ...MatchingPolicy.fromPartial({}),
  ...changes,
});
const nobody = new Map<string, string>();

test('no hit means create', () => {
  expect(judgeHits([], desired, policy(), false, nobody)).toEqual({ do: 'create' });
});

test('two hits are a failure, not a guess', () => {
  const hits = [{ id: 'a' }, { id: 'b' }] as ScimUser[];
  expect(judgeHits(hits, desired, policy(), true, nobody).do).toBe('fail');
});

test('an account linked to one person is never handed to another', () => {
  const hit = { id: 'a', userName: 'ada@example.com' } as ScimUser;
  expect(judgeHits([hit], desired, policy(), true, new Map([['a', '2']])).do).toBe('fail');
});

test.each([
  ['adopted by default', MatchingPolicy_OnExisting.ON_EXISTING_UNSPECIFIED, 'adopt'],
  ['left alone', MatchingPolicy_OnExisting.ON_EXISTING_SKIP, 'skip'],
  ['a failure', MatchingPolicy_OnExisting.ON_EXISTING_FAIL, 'fail'],
])('an account that exists is %s, by policy', (_, onExisting, expected) => {
  const hit = { id: 'a', userName: 'ada@example.com' } as ScimUser;
  expect(judgeHits([hit], desired, policy({ onExisting }), false, nobody).do).toBe(expected);
});

test("an account that we created before a crash is ours whatever the policy for others' accounts", () => {
  const hit = { id: 'a', externalId: '1' } as ScimUser;
  const onExisting = MatchingPolicy_OnExisting.ON_EXISTING_FAIL;
  expect(judgeHits([hit], desired, policy({ onExisting }), true, nobody).do).toBe('adopt');
});

test.each([
  ['a failure by default', MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_UNSPECIFIED, { do: 'fail' }],
  [
    'taken over',
    MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_OVERWRITE,
    { do: 'adopt', keepExternalId: false },
  ],
  ['kept', MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_KEEP, { do: 'adopt', keepExternalId: true }],
])("another provisioner's externalId is %s, by policy", (_, onForeignExternalId, expected) => {
  const hit = { id: 'a', externalId: 'okta-7', userName: 'ada@example.com' } as ScimUser;
  for (const ours of [false, true]) {
    expect(judgeHits([hit], desired, policy({ onForeignExternalId }), ours, nobody)).toMatchObject(expected);
  }
});
