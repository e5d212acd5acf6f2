import { RpcError, status, type FieldViolation } from '@autoprov/grpc';
import type { Reason } from '@autoprov/proto';
import { cutDetail } from '@autoprov/scim';
import type { TokenProblem } from '../domain/google-token-error.ts';
import type { UnreadableSecretError } from '../domain/sealing.ts';

const retryAfterMs = 300_000;

/** Throws INVALID_ARGUMENT with every violation, if there is one. */
export function refuseViolations(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const message = violations.map(({ field, description }) => `${field} is wrong: ${description}`).join('; ');
  throw new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', message, { fieldViolations: violations });
}

/** INVALID_ARGUMENT for one field. */
export function invalidField(field: string, description: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} is wrong: ${description}`, {
    fieldViolations: [{ field, description }],
  });
}

export function notFound(name: string, advice: string): RpcError {
  return new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `there is no ${name}: ${advice}`, { metadata: { name } });
}

/**
 * FAILED_PRECONDITION with the code of the error model in the metadata.
 *
 * @param finerReason the catalogue's finer reason under that code, where it has one
 */
export function failedPrecondition(
  reason: Reason,
  code: string,
  message: string,
  { finerReason, cause }: { finerReason?: string; cause?: unknown } = {},
): RpcError {
  const metadata = { code, ...(finerReason !== undefined && { finer_reason: finerReason }) };
  return new RpcError(status.FAILED_PRECONDITION, reason, message, { metadata, cause });
}

/** A stored secret that does not open (25016). */
export function unreadable(err: UnreadableSecretError): RpcError {
  return failedPrecondition('CREDENTIAL_UNREADABLE', '25016', err.message, { cause: err });
}

/** The service account is another customer's; whose is not told. */
export function serviceAccountTaken(): RpcError {
  const advice = 'make a service account for this customer alone';
  const message = `the service account belongs to another customer of this installation: ${advice}`;
  return new RpcError(status.FAILED_PRECONDITION, 'SERVICE_ACCOUNT_TAKEN', message);
}

/**
 * The directory that a delegation reads is not the customer's (17007).
 *
 * @param found Google's id of the directory that it reads, and of the one that the customer is bound to
 */
export function googleCustomerRefused(
  reason: Reason,
  { version, googleCustomerId, bound }: { version: bigint; googleCustomerId: string; bound: string | null },
): RpcError {
  const reads = `the service account reads the Google customer ${googleCustomerId}`;
  const message =
    reason === 'GOOGLE_CUSTOMER_TAKEN'
      ? `${reads}, which belongs to another customer of this installation: name a service account and an admin of this customer's own domain`
      : `${reads}, but this customer is bound to ${bound ?? 'another'}: name a service account and an admin of that one; to bind it anew, delete the delegation first`;
  return new RpcError(status.FAILED_PRECONDITION, reason, message, {
    metadata: { code: '17007', version: String(version), google_customer_id: googleCustomerId },
  });
}

/** What was checked is not what is stored any more. */
export function replacedMeanwhile(): RpcError {
  const message = 'the service account was replaced during the check: try again';
  return new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, { retryAfterMs: 1_000 });
}

/**
 * A token that Google did not give.
 *
 * @param said Google's own words
 * @param missingScopes those that are not granted, where just a part is
 */
export function noToken(problem: TokenProblem, said: string, missingScopes: readonly string[] = []): RpcError {
  const { code, reason, finerReason, retryable, advice } = problem;
  const kind = reason === 'TOKEN_ENDPOINT_UNAVAILABLE' ? status.UNAVAILABLE : status.FAILED_PRECONDITION;
  const missing = missingScopes.length > 0 ? `; missing: ${missingScopes.join(', ')}` : '';
  return new RpcError(kind, reason, `Google gives no token (${cutDetail(said)}): ${advice}${missing}`, {
    metadata: {
      code,
      ...(finerReason !== undefined && { finer_reason: finerReason }),
      ...(missingScopes.length > 0 && { missing_scopes: missingScopes.join(' ') }),
    },
    ...(retryable && { retryAfterMs }),
  });
}
