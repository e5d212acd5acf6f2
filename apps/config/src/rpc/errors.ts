import { entryOf } from '@autoprov/failure-catalogue';
import { orUnavailable as orOutage, outageError as toOutageError, RpcError, status } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import type { Reason } from '@autoprov/proto';

/** The statuses of the configuration-time failures that this service answers. */
const statuses = {
  STALE_SETUP_EXISTS: status.ALREADY_EXISTS,
  STALE_SETUP_MISSING: status.FAILED_PRECONDITION,
  STALE_ACTIVATE_UNCONFIGURED: status.FAILED_PRECONDITION,
  STALE_DELETE_UNCONFIGURED: status.FAILED_PRECONDITION,
  STALE_SETUP_CHANGED: status.ABORTED,
} as const;

/** What to say when the store does not answer, by what could not be done. */
const outages = {
  FETCH_PRECONFIGURATION_FAILED: 'what is known before a setup is made could not be read: try again in a moment',
  FETCH_SETUP_FAILED: 'the setup could not be read: try again in a moment',
  CREATE_FAILED: 'the setup could not be stored: send it again with the same request_id',
  UPDATE_FAILED: 'the change could not be stored: send it again with the same request_id',
  UPDATE_MAPPING_FAILED: 'the mapping could not be stored: send it again with the same request_id',
  UPDATE_GROUPS_FAILED: 'the groups could not be stored: send them again with the same request_id',
  UPDATE_DEPROVISIONING_FAILED: 'the deprovisioning could not be stored: send it again with the same request_id',
  ACTIVATION_FAILED: 'the activation could not be stored: send it again with the same request_id',
  DELETE_FAILED: 'the deletion could not be stored: send it again with the same request_id',
} as const;

/** Which operation the store failed. */
export type OutageReason = keyof typeof outages;

/** The words that the published error model has for a reason. */
export function publishedWords(reason: Reason): string | undefined {
  return entryOf(reason).message;
}

/** A failure of the published error model: a write that came too late. */
export function staleError(reason: keyof typeof statuses, message: string, metadata: Record<string, string>): RpcError {
  return new RpcError(statuses[reason], reason, message, { metadata, localizedMessage: publishedWords(reason) });
}

/** UNAVAILABLE with the reason of what could not be done. */
export function outageError(reason: OutageReason, cause: unknown): RpcError {
  return toOutageError({ reason, message: outages[reason] }, cause);
}

/** Does it; when the store does not answer, throws UNAVAILABLE with the reason of what could not be done. */
export function orUnavailable<T>(reason: OutageReason, work: () => Promise<T>): Promise<T> {
  return orOutage({ reason, message: outages[reason] }, isUnavailable, work);
}

export function notFoundError(name: string, advice: string): RpcError {
  return new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `${name} does not exist: ${advice}`, {
    metadata: { name },
  });
}

/** Something else than a setup was changed since it was read. */
export function etagMismatchError(name: string, etag: string, currentEtag: string): RpcError {
  const message = `${name} has changed since etag ${etag} was read: read it again and repeat the change on it`;
  return new RpcError(status.ABORTED, 'ETAG_MISMATCH', message, { metadata: { name, currentEtag } });
}

export function existsError(name: string): RpcError {
  const message = `${name} exists already: use it, or choose another id`;
  return new RpcError(status.ALREADY_EXISTS, 'RESOURCE_EXISTS', message, { metadata: { name } });
}
