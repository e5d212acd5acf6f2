import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { ProbeEndpointResponse } from '@autoprov/proto';
import { judgeProbe } from './judge-probe.ts';

const judge = (fields: Partial<ProbeEndpointResponse>) => {
  const [endpoint, credential] = judgeProbe(ProbeEndpointResponse.fromPartial(fields));
  const show = ({ verdict, refusal }: NonNullable<typeof endpoint>) => [verdict, refusal?.reason];
  return [...show(endpoint!), ...show(credential!)];
};
const none = undefined;
const [ENDPOINT, CREDENTIAL] = ['ENDPOINT_INVALID', 'AUTHENTICATION_FAILED'];

test.each<[string, Partial<ProbeEndpointResponse>, unknown[]]>([
  ['all is well', { isScim: true, isAuthorized: true }, ['passed', none, 'passed', none]],
  ['no SCIM there', { code: '45005', reason: 'WRONG_ENDPOINT' }, ['failed', ENDPOINT, 'unknown', none]],
  ['no such host', { code: '45005', reason: 'DNS_FAILURE' }, ['failed', ENDPOINT, 'unknown', none]],
  ['an answer nobody understands', {}, ['failed', ENDPOINT, 'unknown', none]],
  [
    'a host that is away',
    { code: '45005', reason: 'NETWORK_UNREACHABLE', retryable: true },
    ['unknown', none, 'unknown', none],
  ],
  ['an outage', { code: '45004', reason: 'SP_UNAVAILABLE', retryable: true }, ['unknown', none, 'unknown', none]],
  [
    'a rate limit',
    { isScim: true, code: '45004', reason: 'RATE_LIMITED', retryable: true },
    ['passed', none, 'unknown', none],
  ],
  ['no credential', { code: '17010', reason: 'NO_CREDENTIAL' }, ['unknown', none, 'failed', none]],
  [
    'a refused credential',
    { isScim: true, code: '17010', reason: 'AUTH_REVOKED' },
    ['passed', none, 'failed', CREDENTIAL],
  ],
  [
    'a 401 without SCIM',
    { isScim: false, code: '17010', reason: 'AUTH_REVOKED' },
    ['unknown', none, 'failed', CREDENTIAL],
  ],
  [
    'a refused refresh token',
    { code: '17009', reason: 'TOKEN_REFRESH_REJECTED' },
    ['unknown', none, 'failed', CREDENTIAL],
  ],
  ['a credential that can not be opened', { code: '25016', reason: 'UNREADABLE' }, ['unknown', none, 'failed', none]],
  [
    'SCIM switched off',
    { isScim: true, code: '45003', reason: 'SCIM_DISABLED' },
    ['passed', none, 'failed', CREDENTIAL],
  ],
])('%s', (_, probe, expected) => {
  expect(judge(probe)).toEqual(expected);
});

const probes = fc.record({
  isScim: fc.boolean(),
  isAuthorized: fc.boolean(),
  code: fc.constantFrom('', '17002', '17009', '17010', '17011', '17013', '25016', '45003', '45004', '45005', '45006'),
  reason: fc.constantFrom('', 'NO_CREDENTIAL', 'AUTH_REVOKED', 'SCIM_DISABLED', 'WRONG_ENDPOINT', 'SP_TIMEOUT'),
  detail: fc.string(),
});

test('what may pass by itself refuses no save, whatever else a probe says', () => {
  fc.assert(
    fc.property(probes, (probe) => {
      const findings = judgeProbe(ProbeEndpointResponse.fromPartial({ ...probe, retryable: true }));
      expect(findings.filter(({ refusal }) => refusal)).toEqual([]);
    }),
  );
});

test('endpoint and credential are always judged, and whatever did not pass says why', () => {
  fc.assert(
    fc.property(probes, fc.boolean(), (probe, retryable) => {
      const findings = judgeProbe(ProbeEndpointResponse.fromPartial({ ...probe, retryable }));
      expect(findings.map(({ id }) => id)).toEqual(['endpoint', 'credential']);
      const allPassed = findings.every(({ verdict }) => verdict === 'passed');
      expect(allPassed).toBe(probe.isScim && probe.isAuthorized);
      expect(findings.every(({ verdict, message }) => verdict === 'passed' || message !== '')).toBe(true);
    }),
  );
});
