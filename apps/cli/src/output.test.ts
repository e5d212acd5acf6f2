import { expect, test } from '@jest/globals';
import { formatAge, formatTable, formatWord, lastPart } from './output.ts';

test('a table is columns under a head, with a dash for what is not there', () => {
  expect(
    formatTable(
      ['code', 'who'],
      [
        ['45003', 'ada@acme.test'],
        ['17003', ''],
      ],
    ),
  ).toBe(['CODE    WHO', '45003   ada@acme.test', '17003   -'].join('\n'));
});

test('a cell keeps to its line and to its colour', () => {
  expect(formatTable(['detail'], [['two\r\nlines \u001b[31mred']])).toBe('DETAIL\ntwo lines [31mred');
});

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [2 * 3_600 - 1, '119m'],
  [2 * 3_600, '2h'],
  [2 * 86_400, '2d'],
  [-300, '5m'],
])('%d seconds ago is %s', (seconds, text) => {
  const now = new Date('2026-01-02T03:04:05Z');
  expect(formatAge(new Date(now.getTime() - seconds * 1000), now)).toBe(text);
});

test('names of enums are words, names of resources their last part', () => {
  expect(formatWord('STATE_WAITING_FOR_READ', 'STATE_')).toBe('waiting for read');
  expect(lastPart('customers/acme/users/1042')).toBe('1042');
});
