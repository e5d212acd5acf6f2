import { expect, test } from '@jest/globals';
import { RE2JS } from '@bufbuild/re2';
import fc from 'fast-check';
import { startBudget } from './budget.ts';
import { compilePattern, isMatch } from './pattern.ts';
import { regexReplace } from './text.ts';

const pattern = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\w',
      '\\s',
      '^',
      '$',
      '\\b',
      '\\B',
      '😀',
      '(?i)A',
      'a*',
      'b+?',
      '[ab]{2}',
      '.?',
    ),
    fc.tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    tie('pattern').map((inner) => `(${inner})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}'))
      .map(([inner, q]) => `(?:${inner})${q}`),
  ),
})).pattern;
const text = fc
  .array(fc.constantFrom('a', 'b', 'A', ' ', '\n', '_', '😀', 'é'), { maxLength: 12 })
  .map((parts) => parts.join(''));

test('a pattern matches what the package says that it matches', () => {
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      fc.pre(isCompilable(source));
      startBudget(1e9);
      expect(isMatch(compilePattern(source), input)).toBe(RE2JS.compile(source).test(input));
    }),
    { numRuns: 3_000 },
  );
});

test('what is replaced is what JavaScript replaces, where both know the pattern', () => {
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      // They differ in (?i) in the middle, in loops over what may be empty, and JavaScript cuts 😀 in two at \\B.
      fc.pre(!source.includes('\\B') || !input.includes('😀'));
      fc.pre(isCompilable(source) && !source.includes('(?i)') && !/\)[*+{?]/.test(source));
      startBudget(1e9);
      const expected = input.replace(new RegExp(source, 'gu'), '<$&>');
      expect(regexReplace(compilePattern(source), input, '<$0>')).toBe(expected);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['(\\d+)-(\\d+)', '12-34', '$2-$1', '34-12'],
  ['[^0-9+]', '+43 (1) 234-5', '', '+4312345'],
  ['(a)|(b)', 'ab', '[$1$2]', '[a][b]'],
  ['x*', 'ab', '-', '-a-b-'],
  ['a', 'a', '$$1', '$1'],
  ['(?i)gmbh$', 'Acme GmbH', 'Ltd', 'Acme Ltd'],
  ['a+?', 'aaa', 'b', 'bbb'],
])('%s in %s becomes %s: %s', (source, input, to, result) => {
  startBudget(1e6);
  expect(regexReplace(compilePattern(source), input, to)).toBe(result);
});

function isCompilable(source: string): boolean {
  try {
    compilePattern(source);
    return true;
  } catch {
    return false;
  }
}
