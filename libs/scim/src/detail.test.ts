import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutDetail } from './index.ts';

test.each([
  ['user  Ann.Lee+x@mail.example.com\n\texists', 'user [address] exists'],
  [
    'Resource [USER]: with email[ann@example.com] already exists.',
    'Resource [USER]: with email[[address]] already exists.',
  ],
  ['filter userName eq "ann%40example.com"', 'filter userName eq "[address]"'],
  ['header Authorization: Bearer abcdefgh12345678 refused', 'header Authorization: Bearer [secret] refused'],
  ['token ya29.a0AfH6SMBxyz-_1 and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'token [secret] and [secret]'],
  ['{"client_secret":"hunter2","a":1}', '{"client_secret":"[secret]","a":1}'],
  ['access_token=abc&x=1', 'access_token=[secret]&x=1'],
  ['key 0123456789abcdef0123456789abcdef is wrong', 'key [secret] is wrong'],
  ['User 2819c223-7f76-453a-919d-413861904646 not found', 'User 2819c223-7f76-453a-919d-413861904646 not found'],
  ['password: must contain a digit', 'password: must contain a digit'],
  ['LambdaInvocationExceptionWhileRunning in handler', 'LambdaInvocationExceptionWhileRunning in handler'],
])('%j is kept as %j', (text, kept) => {
  expect(cutDetail(text)).toBe(kept);
});

test('no address and no more than 500 well-formed characters are kept of any text', () => {
  const words = fc.array(
    fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary' }), fc.constant('Bearer abcdefgh12345678')),
  );
  fc.assert(
    fc.property(words, (list) => {
      const kept = cutDetail(list.join(' '));
      expect(kept.length).toBeLessThanOrEqual(500);
      expect(kept.isWellFormed()).toBe(true);
      expect(kept).not.toMatch(/\w@\w|abcdefgh12345678/);
    }),
  );
});

test('a secret at the cut leaves no half of itself', () => {
  expect(cutDetail(`${'x '.repeat(245)}Bearer ${'s3cr3t'.repeat(20)}`)).not.toContain('s3cr3t');
});
