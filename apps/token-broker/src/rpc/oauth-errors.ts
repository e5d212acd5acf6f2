import { RpcError, status } from '@autoprov/grpc';
import { entryOf, resolutionOf } from '@autoprov/failure-catalogue';
import type { TokenFailure } from '../domain/token-answer.ts';
import { failedPrecondition } from './errors.ts';

/** How long to wait when the service provider does not say. */
const retryAfterMs = 60_000;

/** No credential of an app is stored (17010). */
export function credentialMissing(app: string): RpcError {
  const message = `${app} has no credential: store one with "autoprov apply"`;
  return failedPrecondition('CREDENTIAL_MISSING', '17010', message, { finerReason: 'NO_CREDENTIAL' });
}

/**
 * The service provider gives no more tokens (17009).
 *
 * @param finerReason of the catalogue: TOKEN_REFRESH_REJECTED or CLIENT_SECRET_INVALID
 * @param said its own words, or ours where it was not asked again
 */
export function reauthorizeNeeded(app: string, finerReason: string, said: string): RpcError {
  const refused = finerReason === 'CLIENT_SECRET_INVALID' ? 'OAuth client' : 'refresh token';
  const advice = resolutionOf(entryOf('17009'), finerReason).join(' ').replaceAll('{app}', app);
  const message = `the service provider refuses the ${refused} (${said}): ${advice}`;
  return failedPrecondition('REFRESH_TOKEN_REFUSED', '17009', message, { finerReason });
}

/** The service provider's token endpoint gives no token now (17013). */
export function tokenEndpointUnavailable({ said, retryAfterMs: askedMs }: Omit<TokenFailure, 'reason'>): RpcError {
  const message = `the service provider's token endpoint gives no token (${said}): it is tried again; if it lasts for hours, authorize again`;
  return new RpcError(status.UNAVAILABLE, 'TOKEN_ENDPOINT_UNAVAILABLE', message, {
    metadata: { code: '17013' },
    retryAfterMs: askedMs ?? retryAfterMs,
  });
}

/** The credential was replaced while a token of it was made. */
export function credentialReplaced(app: string): RpcError {
  const message = `the credential of ${app} was replaced meanwhile: ask again`;
  return new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, { retryAfterMs: 1_000 });
}

/**
 * An authorization that gave no refresh token, with the published words. Nothing is stored.
 *
 * @param finerReason CLIENT_SECRET_INVALID or REDIRECT_MISMATCH, where authorizing again does not help
 */
export function notAuthorized(app: string, said: string, finerReason?: string): RpcError {
  const entry = entryOf('AUTHORIZATION_TOKEN_NOT_GENERATED');
  const advice = resolutionOf(entry, finerReason).join(' ').replaceAll('{app}', app);
  return new RpcError(
    status.FAILED_PRECONDITION,
    'AUTHORIZATION_TOKEN_NOT_GENERATED',
    `${entry.message} ${said}: ${advice}`,
    {
      metadata: { app, ...(finerReason !== undefined && { finer_reason: finerReason }) },
      localizedMessage: entry.message!,
    },
  );
}
