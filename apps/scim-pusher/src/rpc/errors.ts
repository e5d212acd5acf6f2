import { entryOf } from '@autoprov/failure-catalogue';
import { RpcError, status, type RpcErrorDetails } from '@autoprov/grpc';
import type { Reason } from '@autoprov/proto';

/** How long a caller should wait before it asks again, where the service provider names no time. */
const retryAfterMs = 5_000;

const statuses = {
  ENDPOINT_INVALID: status.INVALID_ARGUMENT,
  AUTHENTICATION_FAILED: status.FAILED_PRECONDITION,
  FETCH_TARGET_ATTRIBUTES_FAILED: status.UNAVAILABLE,
  FETCH_TARGET_SCHEMA_FAILED: status.FAILED_PRECONDITION,
} as const satisfies Partial<Record<Reason, status>>;

/** A configuration-time failure of the published error model, with its published words. */
export function configurationFailure(
  reason: keyof typeof statuses,
  message: string,
  details: RpcErrorDetails = {},
): RpcError {
  const code = statuses[reason];
  const localizedMessage = entryOf(reason).message!;
  const wait = code === status.UNAVAILABLE && { retryAfterMs };
  return new RpcError(code, reason, message, { localizedMessage, ...wait, ...details });
}

/** A request with one field at fault; `description` follows the field's name in a sentence. */
export function invalidField(field: string, description: string): RpcError {
  const fieldViolations = [{ field, description }];
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} ${description}`, { fieldViolations });
}
