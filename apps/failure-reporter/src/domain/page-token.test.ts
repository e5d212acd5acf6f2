import { expect, test } from '@jest/globals';
import { readPageToken, toPageToken } from './page-token.ts';

const question = { parent: 'customers/acme', filter: { code: '45003' } };
const position = { openTime: new Date(1234), name: 'failures/abc' };

test('a token leads back to its position', () => {
  expect(readPageToken(question, toPageToken(question, position))).toEqual(position);
});

test('a token of another question is refused', () => {
  const token = toPageToken({ ...question, parent: 'customers/other' }, position);
  expect(readPageToken(question, token)).toBeUndefined();
});

test.each(['', 'nonsense', Buffer.from('[]').toString('base64url'), Buffer.from('null').toString('base64url')])(
  '%j is no token',
  (token) => expect(readPageToken(question, token)).toBeUndefined(),
);
