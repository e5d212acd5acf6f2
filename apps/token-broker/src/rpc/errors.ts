import { RpcError, status } from '@autoprov/grpc';
import type { Reason } from '@autoprov/proto';
import type { TokenProblem } from '../domain/google-token-error.ts';
import type { UnreadableSecretError } from '../domain/sealing.ts';

const retryAfterMs = 300_000;

/** INVALID_ARGUMENT for one field. */
export function invalidField(field: string, description: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} is wrong: ${description}`, {
    fieldViolations: [{ field, description }],
  });
}

/** FAILED_PRECONDITION with the code of the error model in the metadata. */
export function failedPrecondition(reason: Reason, code: string, message: string, cause?: unknown): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, reason, message, { metadata: { code }, cause });
}

/** A stored secret that does not open (25016). */
export function unreadable(err: UnreadableSecretError): RpcError {
  return failedPrecondition('CREDENTIAL_UNREADABLE', '25016', err.message, err);
}

/** A token that Google did not give. */
export function noToken({ code, reason, retryable, advice }: TokenProblem, said: string): RpcError {
  const kind = reason === 'TOKEN_ENDPOINT_UNAVAILABLE' ? status.UNAVAILABLE : status.FAILED_PRECONDITION;
  return new RpcError(kind, reason, `Google gives no token (${said}): ${advice}`, {
    metadata: { code },
    ...(retryable && { retryAfterMs }),
  });
}
