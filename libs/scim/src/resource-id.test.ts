import { expect, test } from '@jest/globals';
import { readId } from './index.ts';

test.each(['2819c223-7f76', '007', '../Groups/1', 'a?b#c', '%2e%2e', '...', 'ä ß', 'x'.repeat(512)])(
  '%j is an id',
  (id) => {
    expect(readId({ Id: id })).toBe(id);
  },
);

test.each(['', '.', '..', 'a\nb', '\u0000', 'a\u202eb', '\ud800', 'x'.repeat(513), 7, null, ['1']])(
  '%j is none',
  (id) => {
    expect(readId({ id })).toBeUndefined();
  },
);
