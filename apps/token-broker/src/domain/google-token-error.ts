import type { Reason } from '@autoprov/proto';

/** What Google's token endpoint said, as far as it said anything. */
export type TokenRefusal = {
  /** It was IAM that did not sign, for a service account without a key here; the token endpoint was not even asked. */
  fromSigner?: true;
  /** The HTTP status; undefined: no answer came. */
  status?: number;
  /** RFC 6749 §5.2 `error`; undefined: the answer holds none. */
  error?: string;
  description?: string;
};

/** The refusal in the terms of the error model. */
export type TokenProblem = {
  code: string;
  reason: Reason;
  /** The catalogue's finer reason, where it differs. */
  finerReason?: string;
  retryable: boolean;
  advice: string;
};

/** A part of the scopes is granted, not all. */
export const scopeMissing: TokenProblem = {
  code: '17006',
  reason: 'SCOPE_MISSING',
  retryable: false,
  advice: 'grant the missing scopes to the client id of the service account in the admin console',
};

const unreachable: TokenProblem = {
  code: '17002',
  reason: 'TOKEN_ENDPOINT_UNAVAILABLE',
  retryable: true,
  advice: 'nothing is to be done: it is tried again',
};
const unusable: TokenProblem = {
  code: '17011',
  reason: 'TOKEN_NOT_GENERATED',
  retryable: true,
  advice: 'check what answers in place of Google, such as a proxy',
};
const signerUnavailable: TokenProblem = {
  code: '17011',
  reason: 'TOKEN_NOT_GENERATED',
  finerReason: 'SIGNER_UNAVAILABLE',
  retryable: true,
  advice: 'nothing is to be done: it is tried again',
};
const signerRefused: TokenProblem = {
  code: '17011',
  reason: 'TOKEN_NOT_GENERATED',
  finerReason: 'SIGNER_REFUSED',
  retryable: false,
  advice:
    'let the identity that token-broker runs as sign for the service account (role Service Account Token Creator), and enable the IAM Credentials API',
};
const unexpected: TokenProblem = {
  code: '17007',
  reason: 'ADMIN_NOT_USABLE',
  finerReason: 'UNEXPECTED_ANSWER',
  retryable: true,
  advice: 'it is tried again; if it lasts for hours, authorize the service account again',
};

/** developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes"; the first that fits decides. */
const rules: readonly { error: RegExp; description?: RegExp; problem: TokenProblem }[] = [
  {
    error: /^unauthorized_client$/,
    problem: {
      code: '17003',
      reason: 'DELEGATION_REVOKED',
      retryable: false,
      advice:
        'authorize the client id of the service account for the three scopes in the admin console; it may take up to 24 hours',
    },
  },
  { error: /^access_denied$/, problem: scopeMissing },
  {
    error: /^(admin_policy_enforced|org_internal)$/,
    problem: {
      code: '17007',
      reason: 'ADMIN_NOT_USABLE',
      retryable: false,
      advice: 'let the policies of the Workspace domain allow the service account',
    },
  },
  {
    error: /^invalid_grant$/,
    description: /short-lived|timeframe/i,
    problem: {
      code: '17011',
      reason: 'TOKEN_NOT_GENERATED',
      // A clock that is set right makes it work again, without anybody telling us.
      retryable: true,
      advice: 'set the clock of this machine right',
    },
  },
  {
    error: /^invalid_grant$/,
    description: /invalid jwt|signature|audience|account not found|verifier|key/i,
    problem: {
      code: '17011',
      reason: 'TOKEN_NOT_GENERATED',
      retryable: false,
      advice: 'store a key of the service account that Google still knows',
    },
  },
  {
    error: /^invalid_grant$/,
    problem: {
      code: '17007',
      reason: 'ADMIN_NOT_USABLE',
      retryable: false,
      advice: 'name an admin who exists and is not suspended',
    },
  },
  {
    error: /^(invalid_client|disabled_client|deleted_client|invalid_scope|invalid_request|unsupported_grant_type)$/,
    problem: {
      code: '17011',
      reason: 'TOKEN_NOT_GENERATED',
      retryable: false,
      advice: 'store a key of a service account that exists and is enabled',
    },
  },
];

/** What a refusal of Google's token endpoint means. One that no rule knows is 17007 reason 2: unexpected, tried again. */
export function judgeTokenRefusal({ fromSigner, status, error, description = '' }: TokenRefusal): TokenProblem {
  const noAnswer = status === undefined || status === 408 || status === 429 || status >= 500;
  if (fromSigner) return noAnswer ? signerUnavailable : signerRefused;
  if (noAnswer) return unreachable;
  if (error === undefined) return unusable;
  const rule = rules.find((one) => one.error.test(error) && (one.description?.test(description) ?? true));
  return rule?.problem ?? unexpected;
}
