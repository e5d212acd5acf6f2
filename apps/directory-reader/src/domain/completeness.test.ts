import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeMemberLists, judgeUserCounts, type MembersAnswer } from './completeness.ts';

test.each([
  ['the first list of a directory is believed', [0], undefined, 'whole'],
  ['a list as long as nine tenths of the last is believed', [900], 1000, 'whole'],
  ['a shorter one is read again', [899], 1000, 'read-again'],
  ['a second list that is long enough is believed', [10, 1000], 1000, 'whole'],
  ['a second list as short as the first stands', [500, 510], 1000, 'whole'],
  ['two short lists that contradict each other are not believed', [500, 100], 1000, 'incomplete'],
  ['a directory that emptied stands when both lists say so', [0, 0], 1000, 'whole'],
] as const)('%s', (_, counts, wholeCount, verdict) => {
  expect(judgeUserCounts([...counts], wholeCount)).toBe(verdict);
});

test('users are never listed more than twice', () => {
  const count = fc.nat(100_000);
  fc.assert(
    fc.property(count, count, count, (first, second, whole) => {
      expect(judgeUserCounts([first, second], whole)).not.toBe('read-again');
    }),
  );
});

const answer = fc.constantFrom<MembersAnswer>('listed', 'keyless');
const situation = fc.record({ lost: fc.boolean(), wholeBefore: fc.boolean() });

test('a membership is only lost when the last two lists are of one kind', () => {
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 3 }), situation, (answers, known) => {
      if (judgeMemberLists(answers, known) !== 'whole-without-lost') return;
      expect(answers.at(-2)).toBe(answers.at(-1));
    }),
  );
});

test('a group that lost nobody costs one list, unless it comes without members for the first time', () => {
  expect(judgeMemberLists(['listed'], { lost: false, wholeBefore: false })).toBe('whole');
  expect(judgeMemberLists(['listed'], { lost: false, wholeBefore: true })).toBe('whole');
  expect(judgeMemberLists(['keyless'], { lost: false, wholeBefore: true })).toBe('whole');
  expect(judgeMemberLists(['keyless'], { lost: false, wholeBefore: false })).toBe('read-again');
});

test('an answer without members between two with members removes nobody', () => {
  const lost = { lost: true, wholeBefore: true };
  expect(judgeMemberLists(['keyless'], lost)).toBe('read-again');
  expect(judgeMemberLists(['keyless', 'listed'], { ...lost, lost: false })).toBe('whole');
  expect(judgeMemberLists(['listed', 'keyless'], lost)).toBe('read-again');
  expect(judgeMemberLists(['listed', 'keyless', 'listed'], lost)).toBe('incomplete');
});

test('a group that was emptied is believed empty after two lists', () => {
  expect(judgeMemberLists(['keyless', 'keyless'], { lost: true, wholeBefore: true })).toBe('whole-without-lost');
});
