import { expect, test } from '@jest/globals';
import { CheckDelegationResponse, ScopeCheck } from '@autoprov/proto';
import { judgeDelegation } from './judge-delegation.ts';

type Wish = { scopes: Partial<ScopeCheck>[]; googleCustomerId?: string; code?: string; reason?: string };

const judge = ({ scopes, ...wish }: Wish) => {
  const checked = scopes.map((scope) => ScopeCheck.fromPartial(scope));
  const answer = { ...CheckDelegationResponse.fromPartial(wish), scopes: checked };
  return judgeDelegation(answer).map(({ id, verdict, code }) => [id, verdict, code]);
};

test('each scope is named one by one', () => {
  const scopes = [
    { scope: 'a', granted: true },
    { scope: 'b', code: '17006', reason: 'SCOPE_MISSING' },
    { scope: 'c', code: '17002', reason: 'TOKEN_ENDPOINT_UNAVAILABLE' },
  ];
  expect(judge({ scopes, googleCustomerId: 'C1' })).toEqual([
    ['delegation', 'passed', ''],
    ['scope a', 'passed', ''],
    ['scope b', 'failed', '17006'],
    ['scope c', 'unknown', '17002'],
  ]);
});

test('when no scope is granted the delegation itself fails, with the code of the scopes', () => {
  const scopes = ['a', 'b'].map((scope) => ({ scope, code: '17003', reason: 'DELEGATION_REVOKED' }));
  expect(judge({ scopes })[0]).toEqual(['delegation', 'failed', '17003']);
});

test.each(['GOOGLE_CUSTOMER_MISMATCH', 'GOOGLE_CUSTOMER_TAKEN'])(
  'a directory that is not the customer’s fails although all scopes are granted: %s',
  (reason) => {
    const scopes = [{ scope: 'a', granted: true }];
    expect(judge({ scopes, googleCustomerId: 'C2', code: '17007', reason })[0]).toEqual([
      'delegation',
      'failed',
      '17007',
    ]);
  },
);

test('Google that can not be asked is not a refusal', () => {
  const scopes = [{ scope: 'a', code: '17002', reason: 'TOKEN_ENDPOINT_UNAVAILABLE' }];
  expect(judge({ scopes })).toEqual([
    ['delegation', 'unknown', '17002'],
    ['scope a', 'unknown', '17002'],
  ]);
});
