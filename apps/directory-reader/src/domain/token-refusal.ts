import type { Problem } from './directory-error.ts';

/** What the reasons of the token broker (autoprov.error.v1) are in the error model: they keep its code. */
const codes: Record<string, string> = {
  DELEGATION_MISSING: '17003',
  DELEGATION_REVOKED: '17003',
  SCOPE_MISSING: '17006',
  ADMIN_NOT_USABLE: '17007',
  TOKEN_ENDPOINT_UNAVAILABLE: '17002',
  TOKEN_NOT_GENERATED: '17011',
  CREDENTIAL_UNREADABLE: '25016',
};

/** What it means that the broker gave no token, by the reason it gave; any other: the broker itself did not answer. */
export function codeOfRefusal(reason: string): Pick<Problem, 'code' | 'reason'> {
  const code = codes[reason];
  return code === undefined ? { code: '17002', reason: 'TOKEN_BROKER_UNAVAILABLE' } : { code, reason };
}
