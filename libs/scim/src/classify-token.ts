import type { Answer, Verdict } from './answer.ts';
import type { ScimError } from './error-body.ts';
import { wordsOf } from './patterns.ts';

/** RFC 6749 §5.2, and what Slack answers with status 200. */
const refreshRefused =
  /\binvalid grant\b|\binvalid refresh token\b|\b(?:refresh )?token (?:is |has been |was )?(?:revoked|expired)\b/;
const clientRefused = /\binvalid client\b/;

/** Of our own token service: it answers, but cannot make a token; the rest is that it cannot be reached. */
const cannotMakeToken =
  /decrypt|cipher|\bkms\b|key (?:service|management)|signer|signing|signature|\bjwt\b|clock|skew|malformed|unusable|invalid key|bad decrypt|unable to authenticate/;

/**
 * The token endpoint of a service provider gave no token. Its refusal of a refresh token is told from all else:
 * the app owner authorizes again, or, when it refuses the client, replaces the client's secret.
 */
export function judgeTokenAnswer(answer: Answer, error: ScimError): Verdict {
  const words = wordsOf(error.text);
  const status = answer.status ?? 0;
  const mayPass = answer.transportError !== undefined || status >= 500 || status === 429 || status === 408;
  if (!mayPass && answer.grant === 'refresh_token') {
    if (refreshRefused.test(words)) return { reason: 'TOKEN_REFRESH_REJECTED', decidedBy: 'token' };
    if (clientRefused.test(words)) return { reason: 'CLIENT_SECRET_INVALID', decidedBy: 'token' };
  }
  return { reason: 'TOKEN_ENDPOINT_FAILED', decidedBy: 'token', retryable: mayPass };
}

/** Our own token service or its secret store: out of reach is 17002, a refusal by it is 17011. */
export function judgeTokenService(answer: Answer, error: ScimError): Verdict {
  const words = wordsOf([answer.transportError, answer.request.path, error.text].join(' '));
  const status = answer.status ?? 0;
  const unreachable =
    answer.transportError !== undefined || status >= 500 || status === 429 || status === 408 || status === 0;
  const code = unreachable && !cannotMakeToken.test(words) ? '17002' : '17011';
  return { reason: 'INTERNAL_TOKEN_SERVICE', decidedBy: 'token', code };
}
