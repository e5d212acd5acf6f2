import type { Answer } from './answer.ts';
import { classify } from './classify.ts';
import type { FailureReason } from './reasons.ts';

/** One recorded answer, as a line of JSON holds it; members that are not named here are ignored. */
export interface AnswerSample {
  id: string;
  phase: Answer['phase'];
  request: Answer['request'];
  auth?: Answer['auth'];
  grant?: string;
  status?: number;
  headers?: Answer['headers'];
  body?: string;
  transport_error?: string;
  transport_phase?: Answer['transportPhase'];
}

/** What `autoprov classify` prints for one recorded answer. */
export function classifyLine(sample: AnswerSample): {
  id: string;
  code: string | null;
  reason: FailureReason;
  retryable: boolean;
} {
  const { id, transport_error: transportError, transport_phase: transportPhase, ...answer } = sample;
  const { code, reason, retryable } = classify({
    ...answer,
    ...(transportError === undefined ? {} : { transportError }),
    ...(transportPhase === undefined ? {} : { transportPhase }),
  });
  return { id, code, reason, retryable };
}
