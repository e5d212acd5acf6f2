import { SetupCheck_Result, type SetupCheck } from '@autoprov/proto';
import type { Violation } from './check-setup.ts';

/** One thing that was found out about a setup, or could not be. */
export type Finding = {
  /** As SetupCheck.id. */
  id: string;
  /** `unknown`: it could not be found out; `advice`: it works, but deserves a look. */
  verdict: 'passed' | 'failed' | 'unknown' | 'advice';
  /** The code of the error model; empty: it has none. */
  code: string;
  reason: string;
  message: string;
  /** What a save of what this is about is refused with; absent: it is saved all the same. */
  refusal?: Refusal;
};

/** Why a save is refused. */
export type Refusal = {
  reason:
    | 'INVALID_REQUEST'
    | 'ENDPOINT_INVALID'
    | 'AUTHENTICATION_FAILED'
    | 'FETCH_CUSTOM_ATTRIBUTES_FAILED'
    | 'FETCH_TARGET_ATTRIBUTES_FAILED'
    | 'FETCH_TARGET_SCHEMA_FAILED';
  /** The fields at fault; none: it is no field's fault. */
  violations?: Violation[];
  /** The same may succeed later without anybody acting. */
  retryable?: boolean;
};

/** It is as it must be. */
export function passed(id: string, message = ''): Finding {
  return { id, verdict: 'passed', code: '', reason: '', message };
}

/** As CheckSetup answers it. */
export function presentFinding({ id, verdict, code, reason, message }: Finding): SetupCheck {
  return { id, result: results[verdict], code, reason, message };
}

/** As a save answers it that it did not refuse: what is wrong now keeps nobody from going on. */
export function presentSaved(finding: Finding): SetupCheck {
  return presentFinding(finding.verdict === 'failed' ? { ...finding, verdict: 'unknown' } : finding);
}

/** Whether a setup can't be activated with it. */
export function preventsActivation({ verdict }: Finding): boolean {
  return verdict === 'failed' || verdict === 'unknown';
}

const results = {
  passed: SetupCheck_Result.RESULT_PASSED,
  failed: SetupCheck_Result.RESULT_FAILED,
  unknown: SetupCheck_Result.RESULT_WARNING,
  advice: SetupCheck_Result.RESULT_WARNING,
} as const;
