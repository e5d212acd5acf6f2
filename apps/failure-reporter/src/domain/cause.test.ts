import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { causeIdOf, patternOf } from './cause.ts';

test.each([
  ['userName ada@acme.test is taken', 'userName … is taken'],
  ['User "Ada Lovelace" already exists', 'User … already exists'],
  ["the user's name 'Ada' can't be longer than 64 characters", "the user's name … can't be longer than … characters"],
  ['No seats left: 50 of 50 used (plan 3f2504e0-4f89-11d3-9a0c-0305e82c3301)', 'No seats left: … of … used (plan …)'],
  ['Resource 2819c223-7f76-453a-919d-413861904646 not found', 'Resource … not found'],
  ['see https://help.example.com/errors?id=17 for more', 'see … for more'],
  ['Attribute name.familyName is required', 'Attribute name.familyName is required'],
  ['Attribute name.givenName is required', 'Attribute name.givenName is required'],
  ['rows 1, 2, 3', 'rows …'],
  ['two\nlines\u202e of text', 'two lines of text'],
  ['', ''],
])('%j has the pattern %j', (detail, pattern) => {
  expect(patternOf(detail)).toBe(pattern);
});

const words = fc
  .array(fc.constantFrom('User', 'already', 'exists', 'value', 'is', 'too', 'long', 'attribute', 'userName'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) => list.join(' '));
const anyValue = fc.oneof(
  fc.nat().map(String),
  fc.uuid(),
  fc.stringMatching(/^[a-z][a-z0-9._+'-]{0,20}@[a-z]{2,10}\.(com|test)$/),
  fc.stringMatching(/^[a-zA-Z .@-]{1,30}$/).map((name) => `"${name}"`),
  fc.stringMatching(/^[0-9a-f]{24}$/).map((id) => `${id}0`),
);

test('details that differ in numbers, ids, addresses and quoted values are one cause', () => {
  fc.assert(
    fc.property(words, words, anyValue, anyValue, (before, after, one, other) => {
      const cause = (value: string) =>
        causeIdOf('templates/slack', { code: '45003', reason: 'DUPLICATE', detail: `${before} ${value} ${after}` });
      expect(cause(one)).toBe(cause(other));
    }),
  );
});

test('another origin, code, reason or wording is another cause', () => {
  const parts = fc.tuple(
    fc.constantFrom('templates/slack', 'templates/zoom'),
    fc.constantFrom('45003', '45006'),
    fc.constantFrom('DUPLICATE', 'VALUE_TOO_LONG'),
    words,
  );
  fc.assert(
    fc.property(parts, parts, ([origin, code, reason, detail], other) => {
      const same = JSON.stringify([origin, code, reason, detail]) === JSON.stringify(other);
      const ids = [
        causeIdOf(origin, { code, reason, detail }),
        causeIdOf(other[0], { code: other[1], reason: other[2], detail: other[3] }),
      ];
      expect(ids[0] === ids[1]).toBe(same);
    }),
  );
});

test('a pattern holds no digit and no address, is short, and is its own pattern', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 2000 }), words), (detail) => {
      const pattern = patternOf(detail);
      expect(pattern).not.toMatch(/\p{N}|\w@\w/u);
      expect(pattern.length).toBeLessThanOrEqual(600);
      expect(patternOf(pattern)).toBe(pattern);
    }),
    { numRuns: 1000 },
  );
});

test('of a detail of any length only the first 1,000 characters are read, and whatever they are takes no time', () => {
  const before = process.cpuUsage();
  for (const text of ['a', '1', '@', "'", '"', 'a@', 'a.', '… ', ' 1']) {
    const long = text.repeat(10_000);
    expect(patternOf(long)).toBe(patternOf(long.slice(0, 1000)));
  }
  const { user } = process.cpuUsage(before);
  // 18 patterns; one whose time grows with the square of its length takes more than all of them.
  expect(user / 1000).toBeLessThan(500);
});
