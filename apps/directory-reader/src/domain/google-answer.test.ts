import { expect, test } from '@jest/globals';
import { problemOf, DirectoryError } from './directory-error.ts';
import { classifyAnswer, isQuotaAnswer, reasonsOf, retryAfterMs } from './google-answer.ts';

test.each([
  ['no answer', undefined, [], 'unavailable'],
  ['a server error', 503, ['backendError'], 'unavailable'],
  ['too many requests', 429, ['rateLimitExceeded'], 'unavailable'],
  ['a quota, although it comes as 403', 403, ['userRateLimitExceeded'], 'unavailable'],
  ['another quota', 403, ['quotaExceeded'], 'unavailable'],
  ['an API that is switched off', 403, ['accessNotConfigured'], 'api-disabled'],
  ['a lost role', 403, ['forbidden'], 'forbidden'],
  ['a missing scope', 403, ['insufficientPermissions'], 'forbidden'],
  ['a dead token', 401, ['authError'], 'forbidden'],
  ['nobody there', 404, ['notFound'], 'not-found'],
  ['a deleted user', 412, ['conditionNotMet'], 'not-found'],
  ['a wrong request', 400, ['invalid'], 'rejected'],
] as const)('%s is told apart', (_, status, reasons, kind) => {
  expect(classifyAnswer({ status, reasons: [...reasons] })).toBe(kind);
});

test.each([
  [429, [], true],
  [403, ['rateLimitExceeded'], true],
  [403, ['userRateLimitExceeded'], true],
  [403, ['quotaExceeded'], true],
  [403, ['dailyLimitExceeded'], true],
  [403, ['RATE_LIMIT_EXCEEDED'], true],
  [403, ['forbidden'], false],
  [503, ['backendError'], false],
  [undefined, [], false],
] as const)('%s %j makes all replicas slow down: %s', (status, reasons, isQuota) => {
  expect(isQuotaAnswer({ status, reasons: [...reasons] })).toBe(isQuota);
});

test('a failed answer has the code of the part that was being read', () => {
  const codesOf = (kind: ConstructorParameters<typeof DirectoryError>[0]) =>
    (['users', 'groups'] as const).map((part) => problemOf(new DirectoryError(kind, 'x'), part).code);
  expect(codesOf('unavailable')).toEqual(['50001', '50003']);
  expect(codesOf('unusable')).toEqual(['50001', '50003']);
  expect(codesOf('forbidden')).toEqual(['17008', '17008']);
  expect(codesOf('api-disabled')).toEqual(['17008', '17008']);
});

test('what the token broker says keeps its code', () => {
  const err = new DirectoryError('no-token', 'x', { token: { code: '17006', reason: 'SCOPE_MISSING' } });
  expect(problemOf(err, 'users')).toEqual({ code: '17006', reason: 'SCOPE_MISSING', detail: 'x' });
});

test('reasons are found in both shapes of an error body, and in nothing else', () => {
  expect(
    reasonsOf({ error: { errors: [{ reason: 'forbidden' }, {}], details: [{ reason: 'SERVICE_DISABLED' }] } }),
  ).toEqual(['forbidden', 'SERVICE_DISABLED']);
  for (const odd of [undefined, null, 'no', { error: 'invalid_grant' }, { error: { errors: 'x' } }])
    expect(reasonsOf(odd)).toEqual([]);
});

test('Retry-After is seconds or a date', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  expect(retryAfterMs('3', now)).toBe(3000);
  expect(retryAfterMs('Mon, 23 Nov 2026 12:00:05 GMT', now)).toBe(5000);
  expect(retryAfterMs('Mon, 23 Nov 2026 11:00:00 GMT', now)).toBe(0);
  expect([retryAfterMs('soon', now), retryAfterMs(null, now)]).toEqual([undefined, undefined]);
});
