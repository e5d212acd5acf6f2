import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from './json.ts';

test('what JSON.parse reads is read the same, byte order mark or not', () => {
  const json = fc.jsonValue({ depthSize: 'small', stringUnit: 'grapheme' });
  fc.assert(
    fc.property(json, (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(text)).toEqual(JSON.parse(text));
      expect(parseJson(`\uFEFF${text}`)).toEqual(JSON.parse(text));
    }),
  );
});

test('no text that is read holds NUL or half a character, whatever was escaped how', () => {
  const parts = fc.constantFrom('\\u0000', '\\ud83d', '\\uDE00', '\\\\', '\\"', 'u0000', 'ud83d', '\\\\u0000', '😀');
  fc.assert(
    fc.property(fc.array(parts), (texts) => {
      const json = `"${texts.join('')}"`;
      const read = parseJson(json) as string;
      expect(read).not.toContain('\0');
      expect(read.isWellFormed()).toBe(true);
      expect(read).toBe((JSON.parse(json) as string).toWellFormed().replaceAll('\0', '\ufffd'));
    }),
  );
});

test.each([
  ['33 levels', '['.repeat(33) + ']'.repeat(33)],
  ['a hundred thousand levels', '{"a":'.repeat(100_000)],
  ['more than fifty thousand objects', `[${'{},'.repeat(50_000)}{}]`],
  ['more than a thousand names', `{${Array.from({ length: 1_001 }, (_, i) => `"${i}":1`).join()}}`],
])('JSON of %s is not read', (_, json) => {
  expect(parseJson(json)).toBeUndefined();
});

test.each([
  ['32 levels', '['.repeat(32) + ']'.repeat(32)],
  ['fifty thousand objects', `[${'{},'.repeat(49_998)}{}]`],
  ['a thousand names', `[{${Array.from({ length: 1_000 }, (_, i) => `"${i}":1`).join()}},{"a":1}]`],
  ['brackets within texts', JSON.stringify({ a: '[{'.repeat(100_000), b: '\\"'.repeat(1_000) + ':'.repeat(2_000) })],
])('JSON of %s is read', (_, json) => {
  expect(parseJson(json)).toEqual(JSON.parse(json));
});
