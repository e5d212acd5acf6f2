/**
 * Every finer reason of a failed SCIM or token call. `code` is the code of the published error model; null means
 * that nothing failed; 'by_request' marks the two reasons which that model lists under two codes: 45006 when the
 * service provider calls the request wrong (400, 422), else 45003. `retryable` says whether the same request may
 * succeed later without anybody acting.
 */
export const failureReasons = {
  OK: { code: null, retryable: false },
  ALREADY_GONE: { code: null, retryable: false },

  // The service provider understood and refused: something must change there, or the record is in conflict.
  DUPLICATE: { code: '45003', retryable: false },
  AMBIGUOUS_MATCH: { code: '45003', retryable: false },
  PROFILE_REQUIRED: { code: '45003', retryable: false },
  NOT_FOUND: { code: '45003', retryable: false },
  INVALID_ID: { code: '45003', retryable: false },
  POLICY_REFUSED: { code: '45003', retryable: false },
  SCIM_DISABLED: { code: '45003', retryable: false },
  PLAN_REQUIRED: { code: '45003', retryable: false },
  NOT_APPLIED: { code: '45003', retryable: false },
  PRECONDITION: { code: '45003', retryable: true },
  LICENSE_LIMIT: { code: 'by_request', retryable: false },
  VALUE_TOO_LONG: { code: 'by_request', retryable: false },

  // Outage or quota on the service provider's side.
  RATE_LIMITED: { code: '45004', retryable: true },
  QUOTA: { code: '45004', retryable: true },
  SP_ERROR: { code: '45004', retryable: true },
  SP_TIMEOUT: { code: '45004', retryable: true },
  SP_UNAVAILABLE: { code: '45004', retryable: true },

  // No SCIM server was reached.
  DNS_FAILURE: { code: '45005', retryable: false },
  NETWORK_UNREACHABLE: { code: '45005', retryable: true },
  TLS_FAILURE: { code: '45005', retryable: false },
  PROXY: { code: '45005', retryable: false },
  WRONG_ENDPOINT: { code: '45005', retryable: false },

  // The content was refused: a mapping or a value must change, or the request is our bug.
  INVALID_VALUE: { code: '45006', retryable: false },
  ENTITLEMENT_UNKNOWN: { code: '45006', retryable: false },
  LICENSE_INVALID: { code: '45006', retryable: false },
  IMMUTABLE: { code: '45006', retryable: false },
  MALFORMED: { code: '45006', retryable: false },
  UNSUPPORTED: { code: '45006', retryable: false },
  EXPRESSION_FAILED: { code: '45006', retryable: false },
  MISSING_REQUIRED: { code: '45016', retryable: false },

  // Credentials.
  AUTH_REVOKED: { code: '17010', retryable: false },
  AUTH_INSUFFICIENT_SCOPE: { code: '17010', retryable: false },
  NO_CREDENTIAL: { code: '17010', retryable: false },
  TOKEN_REFRESH_REJECTED: { code: '17009', retryable: false },
  CLIENT_SECRET_INVALID: { code: '17009', retryable: false },
  TOKEN_ENDPOINT_FAILED: { code: '17013', retryable: false },
  INTERNAL_TOKEN_SERVICE: { code: '17011', retryable: true },
} as const satisfies Record<string, { code: string | null; retryable: boolean }>;

/** Why a call failed, finer than its code; also OK and ALREADY_GONE, which are successes. */
export type FailureReason = keyof typeof failureReasons;

/** Whether it is the name of a reason for which something failed. */
export function isFailureReason(name: string): name is FailureReason {
  return Object.hasOwn(failureReasons, name) && failureReasons[name as FailureReason].code !== null;
}

/** A published code that this library decides. */
export type FailureCode = Exclude<(typeof failureReasons)[FailureReason]['code'], 'by_request' | null> | '17002';

/**
 * The code of a reason. `status` is that of the answer, if there was one: it splits the reasons that the published
 * error model lists under both 45003 and 45006.
 */
export function codeOf(reason: FailureReason, status?: number): FailureCode | null {
  const { code } = failureReasons[reason];
  if (code !== 'by_request') return code;
  return status === 400 || status === 422 ? '45006' : '45003';
}
