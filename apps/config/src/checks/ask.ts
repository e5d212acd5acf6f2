import { RpcError, rpcErrorOf, status, type CallContext, type CallOptions, type RpcFailure } from '@autoprov/grpc';
import type { Reason } from '@autoprov/proto';
import type { Finding } from '../domain/finding.ts';

const TIMEOUT_MS = 10_000;
/** Kept back of the caller's deadline: to store what was asked for, and to answer. */
const RESERVE_MS = 2_000;

/** The services that are asked. */
export type Peer = 'token-broker' | 'directory-reader' | 'scim-pusher';

/** What came of a question. */
export type Asked<Answer> = { answer: Answer; failure?: never } | { answer?: never; failure: RpcFailure };

/** For a call that is part of another: it leaves that one the time to store and to answer. */
export function within(parent: CallContext): CallOptions {
  const remainingMs = parent.deadline.getTime() - Date.now();
  return { timeoutMs: Math.max(0, Math.min(TIMEOUT_MS, remainingMs - RESERVE_MS)), parent };
}

/** Asks another service within the caller's deadline; a failed call is an answer like others. */
export async function ask<Answer>(
  call: CallContext,
  question: (options: CallOptions) => Promise<Answer>,
): Promise<Asked<Answer>> {
  try {
    return { answer: await question(within(call)) };
  } catch (err) {
    return { failure: rpcErrorOf(err) };
  }
}

/** The reasons of a service that could not even try to answer. */
const silences = ['', 'DEPENDENCY_UNAVAILABLE', 'INTERNAL', 'DEADLINE_REQUIRED', 'CALLER_NOT_ALLOWED'];

/** Whether the service gave no answer of its own, rather than one that says what is wrong. */
export function isSilent({ reason }: RpcFailure): boolean {
  return silences.includes(reason);
}

/** What could not be found out, and which service it would have come from. */
export function unanswered(id: string, peer: Peer, failure: RpcFailure): Finding {
  const { code = '', finer_reason: finerReason = failure.reason } = failure.metadata;
  const message = isSilent(failure)
    ? `it could not be found out: ${peer} does not answer (${status[failure.code]}), check again later`
    : `it could not be found out: ${peer} says: ${failure.message}`;
  return { id, verdict: 'unknown', code, reason: finerReason || 'DEPENDENCY_UNAVAILABLE', message };
}

/** A failed question as our own answer: with its reason where it has one, else that the service does not answer. */
export function passOn(peer: Peer, failure: RpcFailure): RpcError {
  const { code, reason, message, metadata, fieldViolations, retryAfterMs = 1_000, localizedMessage } = failure;
  if (isSilent(failure) || code === status.OK) {
    const silent = `${peer} does not answer: try again later`;
    return new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', silent, { retryAfterMs });
  }
  return new RpcError(code, reason as Reason, message, {
    metadata,
    fieldViolations,
    ...(code === status.UNAVAILABLE && { retryAfterMs }),
    ...(localizedMessage !== undefined && { localizedMessage }),
  });
}
