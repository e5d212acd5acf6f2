import { ForbiddenAddressError } from '@autoprov/outbound';
import { classify, codeOf, failureReasons, type Answer, type FailureReason, type JsonValue } from '@autoprov/scim';

/** What came of a request: an answer that says yes, or why not. */
export type ScimAnswer =
  { ok: true; status: number; body: JsonValue | undefined } | { ok: false; failure: ScimFailure };

/** Why a push failed, in the terms of the error model. */
export type ScimFailure = {
  code: string;
  reason: string;
  retryable: boolean;
  /** The service provider's own words, or ours where it said none; without secrets and addresses. */
  detail?: string;
  scimType?: string;
  /** 0: no answer came. */
  httpStatus: number;
  /** How long the service provider asks to wait. */
  retryAfterMs?: number;
  /** What was asked for may have been done, though no answer says so. */
  unknownEnd?: boolean;
  /** A SCIM server says so, by the answer's type or body. */
  speaksScim?: boolean;
  /** Set when the service provider was not asked: the token broker gave no header, and has or has not said why. */
  broker?: 'refused' | 'silent';
};

/** A failure in our own words: what an answer lacks, or what we find before anything is sent. */
export function makeFailure(reason: FailureReason, detail: string, httpStatus = 0): ScimFailure {
  const { retryable } = failureReasons[reason];
  return { code: codeOf(reason, httpStatus)!, reason, retryable, detail, httpStatus };
}

/** Thrown where no request can be made at all, with what is known as data. */
export class ScimFailureError extends Error {
  override name = 'ScimFailureError';
  readonly failure: ScimFailure;

  constructor(failure: ScimFailure) {
    super(failure.detail ?? failure.reason);
    this.failure = failure;
  }
}

/** What it means that no answer came. */
export function failureOfError(asked: Pick<Answer, 'phase' | 'request'>, err: unknown): ScimFailure {
  const { code, ...verdict } = classify({ ...asked, ...transportOf(err) });
  return { detail: wordsOf(err), ...verdict, code: code ?? '45004', httpStatus: 0 };
}

const phases: Record<string, NonNullable<Answer['transportPhase']>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  ERR_INVALID_URL: 'config',
  ERR_FORBIDDEN_ADDRESS: 'config',
};

/** Our own words for an answer that never came. */
function wordsOf(err: unknown): string {
  if (err instanceof ForbiddenAddressError) return err.message;
  return `no answer came (${codeOfError(err)})`;
}

function codeOfError(err: unknown): string {
  const named = err as { code?: string; name?: string; cause?: { code?: string } };
  const timedOut = named.name === 'TimeoutError';
  return timedOut ? 'UND_ERR_HEADERS_TIMEOUT' : (named.code ?? named.cause?.code ?? 'UND_ERR_SOCKET');
}

function transportOf(err: unknown) {
  const code = codeOfError(err);
  const phase = phases[code] ?? (/CERT|SSL|TLS/.test(code) ? 'tls' : 'sent');
  return { transportError: code, transportPhase: phase };
}
