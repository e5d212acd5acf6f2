import { Metadata } from '@grpc/grpc-js';
import type { status, StatusObject } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, LocalizedMessage, RetryInfo, Status } from '@autoprov/proto';
import type { Any, Reason } from '@autoprov/proto';

/** What is wrong with one field of a request; `field` is its path in proto names, as in `mappings[3].source`. */
export type FieldViolation = { field: string; description: string };

/** What may go with an error, all optional. No personal data and no secret: callers log it. */
export type RpcErrorDetails = {
  /** Ids that the reason is about. */
  metadata?: Record<string, string>;
  /** Every field at fault, all at once. */
  fieldViolations?: readonly FieldViolation[];
  /** How long the caller should wait before it tries again. */
  retryAfterMs?: number;
  /** The published words for a person, in English. */
  localizedMessage?: string;
  /** What went wrong underneath: goes to the log, never to the caller. */
  cause?: unknown;
};

/** The `domain` of every google.rpc.ErrorInfo of ours. */
export const ERROR_DOMAIN = 'autoprov';

/** Where gRPC carries a google.rpc.Status beside its own code and message. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

// Trailers share one HTTP/2 header block, which many proxies cap at 8 kB; base64 makes a third more of it.
const MAX_VIOLATIONS_BYTES = 4_000;

/**
 * The only error that may leave a handler: a canonical status, a reason that callers switch on, and a message that tells
 * what to do. Whatever else a handler throws is taken for a bug and answered with INTERNAL.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: Exclude<status, status.OK>;
  readonly reason: Reason;
  readonly details: RpcErrorDetails;

  constructor(code: Exclude<status, status.OK>, reason: Reason, message: string, details: RpcErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** The error as gRPC sends it: its details as google.rpc.Status in the trailers. */
export function toStatusObject(error: RpcError): StatusObject {
  // Half a surrogate pair, as cut texts have it, can't be encoded.
  const message = error.message.toWellFormed();
  const metadata = new Metadata();
  const details = detailsOf(error);
  metadata.set(STATUS_DETAILS_KEY, Buffer.from(Status.encode({ code: error.code, message, details }).finish()));
  // The client's own quick retries would come too early: it is for the caller to wait.
  if (error.details.retryAfterMs !== undefined) metadata.set('grpc-retry-pushback-ms', '-1');
  return { code: error.code, details: message, metadata };
}

function detailsOf({ reason, details }: RpcError): Any[] {
  const { metadata = {}, fieldViolations = [], retryAfterMs, localizedMessage } = details;
  const any = (type: string, message: { finish(): Uint8Array }): Any => ({
    typeUrl: `type.googleapis.com/google.rpc.${type}`,
    value: Buffer.from(message.finish()),
  });
  const encoded = [any('ErrorInfo', ErrorInfo.encode({ reason, domain: ERROR_DOMAIN, metadata }))];
  if (fieldViolations.length > 0) {
    encoded.push(
      any('BadRequest', BadRequest.encode(BadRequest.fromPartial({ fieldViolations: fitting(fieldViolations) }))),
    );
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.trunc(retryAfterMs / 1_000)),
      nanos: Math.round(retryAfterMs % 1_000) * 1_000_000,
    };
    encoded.push(any('RetryInfo', RetryInfo.encode({ retryDelay })));
  }
  if (localizedMessage !== undefined) {
    encoded.push(any('LocalizedMessage', LocalizedMessage.encode({ locale: 'en', message: localizedMessage })));
  }
  return encoded;
}

function fitting(violations: readonly FieldViolation[]): FieldViolation[] {
  let bytes = 0;
  const kept = violations.filter(({ field, description }) => {
    bytes += Buffer.byteLength(field) + Buffer.byteLength(description);
    return bytes <= MAX_VIOLATIONS_BYTES;
  });
  const left = violations.length - kept.length;
  return left === 0 ? kept : [...kept, { field: '', description: `${left} more: correct these first and try again` }];
}
