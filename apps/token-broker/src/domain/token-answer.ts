import { classify, cutDetail, parseErrorBody } from '@autoprov/scim';

/** What an endpoint of an authorization server answered, or that it did not. */
export type EndpointAnswer =
  | { status: number; headers: Record<string, string>; body: string }
  /** The error code of a call without an answer, and words for people where there are any. */
  | { transportError: string; advice?: string };

/** Why no token came. */
export type TokenFailure = {
  /**
   * TOKEN_REFRESH_REJECTED and CLIENT_SECRET_INVALID: refused, somebody must act. REDIRECT_MISMATCH: refused, of a code.
   * TOKEN_ENDPOINT_FAILED: all else, it may pass.
   */
  reason: 'TOKEN_REFRESH_REJECTED' | 'CLIENT_SECRET_INVALID' | 'REDIRECT_MISMATCH' | 'TOKEN_ENDPOINT_FAILED';
  /** The service provider's own words, without secrets. */
  said: string;
  /** How long it asks to be left alone. */
  retryAfterMs?: number;
};

/** What it means that a token endpoint gave no token (RFC 6749 §5.2, and those that answer errors with status 200). */
export function judgeTokenFailure(answer: EndpointAnswer, nowMs: number): TokenFailure {
  if ('transportError' in answer) {
    return { reason: 'TOKEN_ENDPOINT_FAILED', said: answer.advice ?? `no answer, ${answer.transportError}` };
  }
  const { status, headers, body } = answer;
  // The classifier knows refusals of the client for refreshes only; they mean the same for every grant.
  const request = { method: 'POST', path: '(token endpoint)' };
  const verdict = classify({ phase: 'token', grant: 'refresh_token', request, status, headers, body }, nowMs);
  const { kind, text } = parseErrorBody(body, headers['content-type']);
  return {
    // A page of a proxy or a firewall condemns no token, whatever words are in it.
    reason: kind === 'json' ? refusalOf(verdict.reason, status, text) : 'TOKEN_ENDPOINT_FAILED',
    said: cutDetail(`${status} ${text}`),
    ...(verdict.retryAfterMs !== undefined && { retryAfterMs: verdict.retryAfterMs }),
  };
}

/** Whether a revocation endpoint's answer says that the token is of no use any more (RFC 7009 §2.2). */
export function isRevoked(answer: EndpointAnswer): boolean {
  if ('transportError' in answer) return false;
  const { status, headers, body } = answer;
  if (status >= 200 && status < 300) return true;
  // Unknown tokens are 200 by the RFC, and 400 where it is not followed. A kind that can't be revoked will never be.
  const { text } = parseErrorBody(body, headers['content-type']);
  return status === 400 && /\b(invalid_token|invalid_grant|unsupported_token_type)\b/.test(text);
}

function refusalOf(reason: string, status: number, text: string): TokenFailure['reason'] {
  if (status < 500 && /redirect[ _]uri/i.test(text) && /mismatch|match|invalid|differ|registered/i.test(text)) {
    return 'REDIRECT_MISMATCH';
  }
  if (reason === 'TOKEN_REFRESH_REJECTED' || reason === 'CLIENT_SECRET_INVALID') return reason;
  // GitHub's word for it, with status 200.
  return /\bincorrect_client_credentials\b/.test(text) ? 'CLIENT_SECRET_INVALID' : 'TOKEN_ENDPOINT_FAILED';
}
