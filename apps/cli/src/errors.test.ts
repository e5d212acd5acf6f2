import { expect, test } from '@jest/globals';
import { RpcError, status } from '@autoprov/grpc';
import { formatError } from './errors.ts';
import { CommandError } from './io.ts';

test('a refusal shows the published words, the reason, every field and what to do', () => {
  const err = new RpcError(status.ABORTED, 'STALE_SETUP_CHANGED', 'the etag is 17, the current one 18', {
    localizedMessage: 'Error while updating provisioning configuration',
    fieldViolations: [{ field: 'setup.etag', description: 'read the setup again' }],
  });
  expect(formatError(err).split('\n')).toEqual([
    'error: Error while updating provisioning configuration (STALE_SETUP_CHANGED)',
    '  the etag is 17, the current one 18',
    '  - setup.etag: read the setup again',
    'What to do:',
    ...Array.from({ length: 2 }, () => expect.stringMatching(/^ {2}- /)),
  ]);
});

test('a refusal without published words shows its message once', () => {
  const err = new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'there is no customers/acme');
  expect(formatError(err)).toBe('error: there is no customers/acme (RESOURCE_NOT_FOUND)');
});

test('a service that asks for patience is given it', () => {
  const err = new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'the database is away', {
    retryAfterMs: 4_200,
  });
  expect(formatError(err)).toContain('Try again in 5 s.');
});

test('words of others cannot move the cursor', () => {
  const err = new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'no \u001b[2Jsuch\u202Ething');
  expect(formatError(err)).toBe('error: no [2Jsuch thing (RESOURCE_NOT_FOUND)');
});

test.each([
  [new CommandError('wait longer with --wait'), 'error: wait longer with --wait'],
  [new TypeError('x is undefined'), expect.stringMatching(/^error: x is undefined\n {2}This is a mistake in autoprov/)],
])('%s is one sentence, never a stack', (err, text) => {
  expect(formatError(err)).toEqual(text);
  expect(formatError(err)).not.toMatch(/ at .*:\d+/);
});
