import type { Reason } from '@autoprov/proto';

/** What Google's token endpoint said, as far as it said anything. */
export type TokenRefusal = {
  /** The HTTP status; undefined: no answer came. */
  status?: number;
  /** RFC 6749 §5.2 `error`. */
  error?: string;
  description?: string;
};

/** The refusal in the terms of the error model. */
export type TokenProblem = { code: string; reason: Reason; retryable: boolean; advice: string };

type Rule = TokenProblem & { error?: RegExp; description?: RegExp };

const delegationAdvice =
  'authorize the client id of the service account for the three scopes in the admin console; it may take up to 24 hours';

/**
 * developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes"; the first rule that fits decides.
 * A refusal that no rule knows is 17007 reason 2: unexpected, tried again.
 */
const rules: readonly Rule[] = [
  {
    error: /^unauthorized_client$/,
    code: '17003',
    reason: 'DELEGATION_REVOKED',
    retryable: false,
    advice: delegationAdvice,
  },
  {
    error: /^access_denied$/,
    code: '17006',
    reason: 'SCOPE_MISSING',
    retryable: false,
    advice: 'grant the missing scopes to the client id of the service account in the admin console',
  },
  {
    error: /^(admin_policy_enforced|org_internal)$/,
    code: '17007',
    reason: 'ADMIN_NOT_USABLE',
    retryable: false,
    advice: 'let the policies of the Workspace domain allow the service account',
  },
  {
    error: /^invalid_grant$/,
    description: /invalid jwt|signature|short-lived|timeframe|audience|account not found|key/i,
    code: '17011',
    reason: 'TOKEN_NOT_GENERATED',
    retryable: false,
    advice: 'check the clock of this machine and the key of the service account',
  },
  {
    error: /^invalid_grant$/,
    code: '17007',
    reason: 'ADMIN_NOT_USABLE',
    retryable: false,
    advice: 'name an admin who exists and is not suspended',
  },
  {
    error: /^(invalid_client|disabled_client|deleted_client|invalid_scope|invalid_request|unsupported_grant_type)$/,
    code: '17011',
    reason: 'TOKEN_NOT_GENERATED',
    retryable: false,
    advice: 'store a key of a service account that exists and is enabled',
  },
];

const unreachable: TokenProblem = {
  code: '17002',
  reason: 'TOKEN_ENDPOINT_UNAVAILABLE',
  retryable: true,
  advice: 'nothing is to be done: it is tried again',
};
const unexpected: TokenProblem = {
  code: '17007',
  reason: 'ADMIN_NOT_USABLE',
  retryable: true,
  advice: 'it is tried again; if it lasts for hours, authorize the service account again',
};

/** What a refusal of Google's token endpoint means. */
export function judgeTokenRefusal({ status, error = '', description = '' }: TokenRefusal): TokenProblem {
  if (status === undefined || status === 429 || status >= 500) return unreachable;
  const rule = rules.find(
    (one) => (!one.error || one.error.test(error)) && (!one.description || one.description.test(description)),
  );
  if (rule) return { code: rule.code, reason: rule.reason, retryable: rule.retryable, advice: rule.advice };
  return unexpected;
}
