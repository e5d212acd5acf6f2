import { expect, test } from '@jest/globals';
import { readList } from './index.ts';

test('lists are read in any spelling, with numbers as text', () => {
  expect(
    readList({ totalResults: '3', startIndex: 1, itemsPerPage: 2, resources: [{ id: '1' }, null, { id: '2' }] }),
  ).toEqual({
    resources: [{ id: '1' }, { id: '2' }],
    totalResults: 3,
    startIndex: 1,
    itemsPerPage: 2,
  });
  expect(readList([{ id: '1' }])).toEqual({ resources: [{ id: '1' }] });
  expect(readList({ Resources: [], nextCursor: 'abc' })).toEqual({ resources: [], nextCursor: 'abc' });
});

test('no hit may come without Resources', () => {
  expect(readList({ totalResults: 0 })).toEqual({ resources: [], totalResults: 0 });
});

test('what is not a list is never an empty list', () => {
  for (const body of [undefined, null, {}, 'x', { ok: false }, { totalResults: 5 }, { message: 'hello' }]) {
    expect(readList(body)).toBeUndefined();
  }
});
