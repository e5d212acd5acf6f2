import { expect, test } from '@jest/globals';
import { judgeTokenRefusal, type TokenRefusal } from './google-token-error.ts';

test.each<[string, TokenRefusal, string, boolean]>([
  ['no answer', {}, '17002', true],
  ['429', { status: 429, error: 'rate_limited' }, '17002', true],
  ['a server error', { status: 503 }, '17002', true],
  ['a client that is not authorized', { status: 401, error: 'unauthorized_client' }, '17003', false],
  [
    'a part of the scopes missing',
    { status: 403, error: 'access_denied', description: 'Requested client not authorized.' },
    '17006',
    false,
  ],
  [
    'an unknown admin',
    { status: 400, error: 'invalid_grant', description: 'Invalid email or User ID' },
    '17007',
    false,
  ],
  [
    'a suspended admin',
    { status: 400, error: 'invalid_grant', description: 'Account has been suspended' },
    '17007',
    false,
  ],
  ['a policy of the domain', { status: 400, error: 'admin_policy_enforced' }, '17007', false],
  ['a wrong signature', { status: 400, error: 'invalid_grant', description: 'Invalid JWT Signature.' }, '17011', false],
  [
    'a wrong clock',
    { status: 400, error: 'invalid_grant', description: 'Invalid JWT: Token must be a short-lived token' },
    '17011',
    true,
  ],
  [
    'a deleted service account',
    { status: 400, error: 'invalid_grant', description: 'Invalid grant: account not found' },
    '17011',
    false,
  ],
  ['a disabled client', { status: 401, error: 'disabled_client' }, '17011', false],
  ['a page that is not Google’s', { status: 403 }, '17011', true],
  ['a success without a token', { status: 200 }, '17011', true],
  ['a signer that does not answer', { fromSigner: true }, '17011', true],
  ['a signer that is busy', { fromSigner: true, status: 429 }, '17011', true],
  ['a signer that refuses', { fromSigner: true, status: 403 }, '17011', false],
  ['anything else', { status: 400, error: 'something_new' }, '17007', true],
])('%s is %j → %s', (_, refusal, code, retryable) => {
  expect(judgeTokenRefusal(refusal)).toMatchObject({ code, retryable });
});
