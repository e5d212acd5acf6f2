import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, LocalizedMessage, RetryInfo, Status } from '@autoprov/proto';
import { ERROR_DOMAIN, RpcError, STATUS_DETAILS_KEY } from './rpc-error.ts';
import type { FieldViolation } from './rpc-error.ts';

/** A failed call, as its caller sees it. */
export type RpcFailure = {
  code: status;
  /** One of the names of autoprov.error.v1, newer ones included; empty where no service of ours answered. */
  reason: string;
  message: string;
  metadata: Record<string, string>;
  fieldViolations: FieldViolation[];
  retryAfterMs?: number;
  localizedMessage?: string;
};

/** Reads whatever a client's call was rejected with. It never throws: what is no gRPC error is UNKNOWN. */
export function rpcErrorOf(err: unknown): RpcFailure {
  const failure = { reason: '', metadata: {}, fieldViolations: [] };
  if (err instanceof RpcError) {
    const { metadata = {}, fieldViolations = [], retryAfterMs, localizedMessage } = err.details;
    return {
      code: err.code,
      reason: err.reason,
      message: err.message,
      metadata,
      fieldViolations: [...fieldViolations],
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(localizedMessage !== undefined && { localizedMessage }),
    };
  }
  if (!isServiceError(err)) {
    return { ...failure, code: status.UNKNOWN, message: err instanceof Error ? err.message : 'unknown error' };
  }
  return { ...failure, code: err.code, message: err.details, ...readDetails(err.metadata) };
}

/** True for what grpc-js rejects a call with. */
export function isServiceError(err: unknown): err is ServiceError {
  if (!(err instanceof Error) || !('code' in err) || !('details' in err) || !('metadata' in err)) return false;
  return typeof err.code === 'number' && typeof err.details === 'string' && err.metadata instanceof Metadata;
}

function readDetails(trailers: Metadata): Partial<RpcFailure> {
  const [bytes] = trailers.get(STATUS_DETAILS_KEY);
  if (!Buffer.isBuffer(bytes)) return {};
  const failure: Partial<RpcFailure> = {};
  try {
    for (const { typeUrl, value } of Status.decode(bytes).details) readDetail(typeUrl, value, failure);
  } catch {
    return {}; // not from a service of ours
  }
  return failure;
}

function readDetail(typeUrl: string, value: Buffer, failure: Partial<RpcFailure>): void {
  switch (typeUrl) {
    case 'type.googleapis.com/google.rpc.ErrorInfo': {
      const { domain, reason, metadata } = ErrorInfo.decode(value);
      if (domain === ERROR_DOMAIN) Object.assign(failure, { reason, metadata });
      return;
    }
    case 'type.googleapis.com/google.rpc.BadRequest':
      failure.fieldViolations = BadRequest.decode(value).fieldViolations.map(({ field, description }) => ({
        field,
        description,
      }));
      return;
    case 'type.googleapis.com/google.rpc.RetryInfo': {
      const { retryDelay } = RetryInfo.decode(value);
      if (retryDelay) failure.retryAfterMs = Number(retryDelay.seconds) * 1_000 + retryDelay.nanos / 1_000_000;
      return;
    }
    case 'type.googleapis.com/google.rpc.LocalizedMessage':
      failure.localizedMessage = LocalizedMessage.decode(value).message;
      return;
    default: // a detail of a newer version
  }
}
