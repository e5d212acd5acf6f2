import type { Answer, Classification, Verdict } from './answer.ts';
import { judgeAnswer } from './classify-answer.ts';
import { judgeTokenAnswer, judgeTokenService } from './classify-token.ts';
import { cutDetail } from './detail.ts';
import { parseErrorBody } from './error-body.ts';
import type { ScimError } from './error-body.ts';
import { headerOf } from './headers.ts';
import { codeOf, failureReasons } from './reasons.ts';
import { retryAfter } from './retry-after.ts';
import { reasonOfTransport } from './transport.ts';

/**
 * Says what an answer means, by the published error model: which code, which finer reason, and whether the same
 * request may succeed later. Never throws.
 *
 * @param nowMs the time that an absolute Retry-After is measured against
 */
export function classify(answer: Answer, nowMs: number = Date.now()): Classification {
  const error = parseErrorBody(answer.body, headerOf(answer.headers, 'content-type'), answer.json);
  const verdict = judge(answer, error);
  const code = verdict.code ?? codeOf(verdict.reason, statusOf(answer, error));
  const retryable = verdict.retryable ?? failureReasons[verdict.reason].retryable;
  const retryAfterMs = retryable ? retryAfter(answer.headers, nowMs) : undefined;
  const outcome = { code, reason: verdict.reason, retryable, decidedBy: verdict.decidedBy };
  if (code === null) return outcome;
  return {
    ...outcome,
    ...(error.scimType === undefined ? {} : { scimType: cutDetail(error.scimType) }),
    ...(error.detail === undefined ? {} : { detail: cutDetail(error.detail) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function judge(answer: Answer, error: ScimError): Verdict {
  if (answer.phase === 'internal') return judgeTokenService(answer, error);
  if (answer.phase === 'token') return judgeTokenAnswer(answer, error);
  if (answer.transportError === undefined) return judgeAnswer(answer, error);
  return { reason: reasonOfTransport(answer.transportError, answer.transportPhase), decidedBy: 'transport' };
}

/** An error that comes as 200 says its own status. */
function statusOf(answer: Answer, error: ScimError): number | undefined {
  return answer.status !== undefined && answer.status < 300 ? (error.status ?? answer.status) : answer.status;
}
