import { expect, test } from '@jest/globals';
import { isRevoked, judgeTokenFailure, type EndpointAnswer } from './token-answer.ts';

const json = (status: number, body: object): EndpointAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const page = (status: number, body: string, headers = {}): EndpointAnswer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body,
});

test.each<[string, EndpointAnswer, string]>([
  ['invalid_grant', json(400, { error: 'invalid_grant' }), 'TOKEN_REFRESH_REJECTED'],
  [
    'Slack’s refusal, with status 200',
    json(200, { ok: false, error: 'invalid_refresh_token' }),
    'TOKEN_REFRESH_REJECTED',
  ],
  ['invalid_client', json(401, { error: 'invalid_client' }), 'CLIENT_SECRET_INVALID'],
  ['GitHub’s, with status 200', json(200, { error: 'incorrect_client_credentials' }), 'CLIENT_SECRET_INVALID'],
  ['redirect_uri_mismatch', json(400, { error: 'redirect_uri_mismatch' }), 'REDIRECT_MISMATCH'],
  [
    'a redirect mismatch in words',
    json(400, { error: 'invalid_grant', error_description: 'redirect_uri does not match' }),
    'REDIRECT_MISMATCH',
  ],
  [
    'the words of RFC 6749 for invalid_grant, which name the redirection URI among others',
    json(400, {
      error: 'invalid_grant',
      error_description:
        'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request',
    }),
    'TOKEN_REFRESH_REJECTED',
  ],
  ['invalid_scope', json(400, { error: 'invalid_scope' }), 'TOKEN_ENDPOINT_FAILED'],
  ['invalid_grant with 503', json(503, { error: 'invalid_grant' }), 'TOKEN_ENDPOINT_FAILED'],
  ['too many requests', json(429, { error: 'invalid_client' }), 'TOKEN_ENDPOINT_FAILED'],
  [
    'a page with the words of a refusal',
    page(403, '<title>invalid_grant: token expired</title>'),
    'TOKEN_ENDPOINT_FAILED',
  ],
  ['401 of a proxy', page(401, 'invalid client'), 'TOKEN_ENDPOINT_FAILED'],
  ['nothing', page(200, ''), 'TOKEN_ENDPOINT_FAILED'],
  ['no answer', { transportError: 'ECONNRESET' }, 'TOKEN_ENDPOINT_FAILED'],
])('%s is %j → %s', (_, answer, reason) => {
  expect(judgeTokenFailure(answer, 0).reason).toBe(reason);
});

test('what is said holds no secret', () => {
  const { said } = judgeTokenFailure(
    json(400, { error: 'invalid_grant', error_description: 'refresh_token=abcdef0123456789 of ada@example.com' }),
    0,
  );
  expect(said).not.toMatch(/abcdef0123456789|ada@/);
});

test('how long it asks to be left alone is read from Retry-After', () => {
  expect(judgeTokenFailure(page(503, '', { 'retry-after': '7' }), 0)).toMatchObject({ retryAfterMs: 7_000 });
});

test.each<[boolean, EndpointAnswer]>([
  [true, page(200, '')],
  [true, page(204, '')],
  [true, json(400, { error: 'invalid_token' })],
  [true, json(400, { error: 'unsupported_token_type' })],
  [false, json(401, { error: 'invalid_client' })],
  [false, json(400, { error: 'invalid_request' })],
  [false, page(503, 'invalid_token')],
  [false, page(302, '')],
  [false, { transportError: 'TIMEOUT' }],
])('revoked: %s after %j', (expected, answer) => {
  expect(isRevoked(answer)).toBe(expected);
});
