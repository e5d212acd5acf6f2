import type { ProbeEndpointResponse } from '@autoprov/proto';
import { passed, type Finding, type Refusal } from './finding.ts';

/** Refusals of the credential itself; other codes of tokens say that none could be had. */
const credentialCodes = ['17009', '17010'];
const NO_CREDENTIAL = 'NO_CREDENTIAL';

/** What a probe says of `endpoint` and `credential` (failure-codes: ENDPOINT_INVALID, AUTHENTICATION_FAILED). */
export function judgeProbe(probe: ProbeEndpointResponse): Finding[] {
  const { isScim, isAuthorized, code, reason, retryable } = probe;
  if (isScim && isAuthorized) return [passed('endpoint'), passed('credential')];
  if (!isScim && isWrongEndpoint(probe)) return [wrongEndpoint(probe), untried()];
  const endpoint = isScim ? passed('endpoint') : endpointUnknown(probe);
  const found = { id: 'credential', code, reason };
  if (reason === NO_CREDENTIAL) {
    const message = 'no credential is stored for the app: store one, then check again';
    return [endpoint, { ...found, verdict: 'failed', message }];
  }
  if (retryable) {
    const message = `it could not be found out whether the service provider takes the credential${said(probe)}: check again later`;
    return [endpoint, { ...found, verdict: 'unknown', message }];
  }
  return [endpoint, { ...found, verdict: 'failed', ...credentialProblem(probe) }];
}

/** What a probe says of `pushed_groups`: whether the service provider has groups. */
export function judgeGroupType({ hasGroups }: ProbeEndpointResponse): Finding {
  const id = 'pushed_groups';
  if (hasGroups) return passed(id);
  if (hasGroups === undefined) {
    const message = 'it could not be found out whether the service provider has groups: check again later';
    return { id, verdict: 'unknown', code: '', reason: 'GROUPS_UNKNOWN', message };
  }
  const message = 'the service provider has no SCIM Groups: push none, and let groups decide who is in scope';
  const refusal: Refusal = {
    reason: 'INVALID_REQUEST',
    violations: [{ field: 'setup.pushed_groups', description: message }],
  };
  return { id, verdict: 'failed', code: '', reason: 'NO_GROUPS', message, refusal };
}

function isWrongEndpoint({ code, retryable }: ProbeEndpointResponse): boolean {
  return !retryable && (code === '45005' || code === '');
}

function wrongEndpoint(probe: ProbeEndpointResponse): Finding {
  const message = `no SCIM answers at the URL${said(probe)}: copy the SCIM base URL from the service provider`;
  const violations = [{ field: 'setup.endpoint_url', description: message }];
  const { code, reason } = probe;
  const refusal: Refusal = { reason: 'ENDPOINT_INVALID', violations };
  return { id: 'endpoint', verdict: 'failed', code, reason: reason || refusal.reason, message, refusal };
}

function untried(): Finding {
  const message = 'the credential was not tried: the endpoint comes first';
  return { id: 'credential', verdict: 'unknown', code: '', reason: 'ENDPOINT_INVALID', message };
}

function endpointUnknown(probe: ProbeEndpointResponse): Finding {
  const { code, reason } = probe;
  const message = `it could not be found out whether SCIM answers at the URL${said(probe)}`;
  return { id: 'endpoint', verdict: 'unknown', code, reason, message };
}

/** A 403 may mean something else than a wrong credential, and then says so. */
function credentialProblem(probe: ProbeEndpointResponse): Pick<Finding, 'message' | 'refusal'> {
  const { code, reason } = probe;
  const refusal: Refusal = { reason: 'AUTHENTICATION_FAILED' };
  if (credentialCodes.includes(code)) {
    return { refusal, message: `the service provider refuses the credential${said(probe)}: store one that it takes` };
  }
  if (code.startsWith('45')) {
    const message = `the service provider refuses us, and not because of the credential (${reason})${said(probe)}: see ${code} in docs/failures.md`;
    return { refusal, message };
  }
  return { message: `the credential can't be used (${code} ${reason})${said(probe)}: see ${code} in docs/failures.md` };
}

/** The service provider's own words. */
function said({ detail }: ProbeEndpointResponse): string {
  return detail === '' ? '' : ` (it says: ${detail})`;
}
