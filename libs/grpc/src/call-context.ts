import { randomBytes, randomUUID } from 'node:crypto';
import type { Metadata, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { Authorization } from './authorize.ts';

/**
 * What a handler knows of its call beside the request: `person`, where one acts, and what both identities may do
 * (`requireRole`). Passed on as `parent` in the calls that the handler makes, which are made as the workload alone.
 */
export type CallContext = CallBasics & Authorization;

/** What is known of a call before anybody asked who may make it. */
export type CallBasics = {
  /** The calling workload, proved by its certificate. */
  readonly caller: string;
  /** Aborted when the client has gone or the deadline has passed: give it to whatever waits. */
  readonly signal: AbortSignal;
  readonly deadline: Date;
  /** Names the call in the logs of all services; the client's, or made here. */
  readonly requestId: string;
  /** W3C Trace Context; the client's, or made here. */
  readonly traceparent: string;
  readonly metadata: Metadata;
};

export const REQUEST_ID_KEY = 'x-request-id';
export const TRACEPARENT_KEY = 'traceparent';

/** grpc-js's side of a call that has one request. */
export type ServerCall = ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/** The context of a call that has just come in. */
export function contextOf(call: ServerCall, caller: string, signal: AbortSignal): CallBasics {
  return {
    caller,
    signal,
    deadline: new Date(call.getDeadline()),
    requestId: matching(call.metadata, REQUEST_ID_KEY, /^[\w.:-]{1,128}$/) ?? randomUUID(),
    traceparent:
      matching(call.metadata, TRACEPARENT_KEY, /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/) ?? newTraceparent(),
    metadata: call.metadata,
  };
}

// What a caller sends goes into our log lines and on to other services: only what looks right is taken over.
function matching(metadata: Metadata, key: string, pattern: RegExp): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}
