/** What went wrong between us and the directory, as data. */
export type Problem = {
  /** The code of the error model; empty: it has none. */
  code: string;
  /** The finer reason. */
  reason: string;
  /** What happened, without addresses of people. */
  detail: string;
};

/** How a request to Google's directory can fail, past its retries. */
export type DirectoryErrorKind =
  // No connection, a timeout, 5xx, or any quota answer.
  | 'unavailable'
  // 401 or 403 to a token that was freshly made.
  | 'forbidden'
  // The Admin SDK API is switched off in the service account's project.
  | 'api-disabled'
  // 404 or 412: there is no such user or group.
  | 'not-found'
  // Any other status: the request is wrong.
  | 'rejected'
  // 200, but the answer cannot be what it should be.
  | 'unusable'
  // The token broker gave no token; `token` says which code that has.
  | 'no-token';

/** A request that failed. A known failure: the part of the read that needed it is incomplete, and the rest goes on. */
export class DirectoryError extends Error {
  override name = 'DirectoryError';
  readonly kind: DirectoryErrorKind;
  /** When the request was sent that was answered so. */
  readonly sentAt: Date | undefined;
  readonly retryAfterMs: number | undefined;
  readonly token: Pick<Problem, 'code' | 'reason'> | undefined;

  constructor(
    kind: DirectoryErrorKind,
    message: string,
    more: { sentAt?: Date; retryAfterMs?: number | undefined; token?: Pick<Problem, 'code' | 'reason'> } = {},
  ) {
    super(message);
    this.kind = kind;
    this.sentAt = more.sentAt;
    this.retryAfterMs = more.retryAfterMs;
    this.token = more.token;
  }
}

/** The code of the error model for a failed request, by what was being read (failure-codes, "Runtime failures"). */
export function problemOf(err: DirectoryError, part: 'users' | 'groups'): Problem {
  const detail = err.message;
  const code = part === 'users' ? '50001' : '50003';
  switch (err.kind) {
    case 'unavailable':
      return { code, reason: 'DIRECTORY_UNAVAILABLE', detail };
    case 'unusable':
      return { code, reason: 'UNUSABLE_ANSWER', detail };
    case 'rejected':
    case 'not-found':
      return { code, reason: 'REQUEST_REJECTED', detail };
    case 'forbidden':
      return { code: '17008', reason: 'ADMIN_ROLE_LOST', detail };
    case 'api-disabled':
      return { code: '17008', reason: 'ADMIN_API_DISABLED', detail };
    case 'no-token':
      return { code: '17002', reason: 'TOKEN_BROKER_UNAVAILABLE', ...err.token, detail };
  }
}
