import { status } from '@grpc/grpc-js';
import type { MetadataValue } from '@grpc/grpc-js';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { JWTPayload, RemoteJWKSet } from 'jose';
import { Agent, request } from 'undici';
import { RpcError } from './rpc-error.ts';

/** The identity provider of the people of an installation (OpenID Connect Core 1.0). */
export type IdentityProvider = {
  /** Its issuer identifier, https; keys are found by `{issuer}/.well-known/openid-configuration`. */
  issuer: string;
  /** Who its tokens must be for. */
  audience: string;
  /** PEM of the authority of its certificate, where that is not a public one. */
  ca?: string;
};

// Asymmetric only: with HS256, whoever knows the public key could sign.
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_000_000;
/** An unknown key asks the provider again, so that new keys are known at once; not more often than this. */
const KEYS_COOLDOWN_MS = 1_000;
const KEYS_MAX_AGE_MS = 600_000;
const CLOCK_TOLERANCE_S = 5;

const unreachable = new Set<string>([
  'ERR_JOSE_GENERIC', // the provider's answer was no 200 with JSON
  'ERR_JWKS_INVALID',
  'ERR_JWKS_TIMEOUT',
]);

/**
 * Verifies `authorization: Bearer <token>`: signature by a key of the provider, algorithm, issuer, audience, expiry, and
 * that the provider vouches for the address. Gives the address in lower case. Throws IDENTITY_INVALID (UNAUTHENTICATED), or
 * DEPENDENCY_UNAVAILABLE where the provider does not answer.
 */
export function createPersonVerifier({ issuer, audience, ca }: IdentityProvider) {
  const agent = new Agent({
    pipelining: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: ca === undefined ? {} : { ca },
  });
  const get = async (url: string, signal: AbortSignal): Promise<Response> => {
    const { statusCode, body } = await request(url, { dispatcher: agent, signal });
    return new Response(await body.text(), { status: statusCode });
  };
  let keys: Promise<RemoteJWKSet> | undefined;
  const findKeys = (): Promise<RemoteJWKSet> =>
    (keys ??= discoverKeys(issuer, get).catch((err: unknown) => {
      keys = undefined;
      throw err;
    }));

  return async (authorization: readonly MetadataValue[]): Promise<string> => {
    const token = readBearer(authorization);
    try {
      const options = {
        issuer,
        audience,
        algorithms,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
      };
      const { payload } = await jwtVerify(token, await findKeys(), options);
      return readAddress(payload);
    } catch (err) {
      if (err instanceof RpcError) throw err;
      // Not as the cause: jose's errors hold the token's payload, and causes are logged.
      if (err instanceof errors.JOSEError && !unreachable.has(err.code)) throw identityInvalid(problemOf(err));
      const message = 'the identity provider does not answer: try again later';
      const details = { retryAfterMs: 1_000, cause: err };
      throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, details);
    }
  };
}

async function discoverKeys(
  issuer: string,
  get: (url: string, signal: AbortSignal) => Promise<Response>,
): Promise<RemoteJWKSet> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await get(url, AbortSignal.timeout(TIMEOUT_MS));
  const found = (answer.ok ? await answer.json() : {}) as { issuer?: unknown; jwks_uri?: unknown };
  // OpenID Connect Discovery 1.0 §4.3: exactly the issuer that was asked for.
  if (found.issuer !== issuer || typeof found.jwks_uri !== 'string' || !found.jwks_uri.startsWith('https://')) {
    throw new Error(`${url} answers ${answer.status} and describes no https provider ${issuer}: check OIDC_ISSUER`);
  }
  return createRemoteJWKSet(new URL(found.jwks_uri), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    [customFetch]: (keysUrl, { signal }) => get(keysUrl, signal),
  });
}

function readBearer(authorization: readonly MetadataValue[]): string {
  const [value] = authorization;
  const [, token] = typeof value === 'string' ? (/^Bearer ([\w.~+/-]+=*)$/i.exec(value) ?? []) : [];
  if (token === undefined || authorization.length !== 1) throw identityInvalid('it is not one "Bearer <token>"');
  return token;
}

/** ASCII only: lower-casing what looks alike in Unicode could make two people one. */
function readAddress({ email, email_verified: isVerified }: JWTPayload): string {
  if (typeof email !== 'string' || !/^[\x21-\x7e]{1,100}@[\x21-\x7e]{1,100}$/.test(email)) {
    throw identityInvalid('it has no "email": ask for the scopes "openid email"');
  }
  if (isVerified !== true) throw identityInvalid('its "email_verified" is not true: have the address verified');
  return email.toLowerCase();
}

function problemOf(err: errors.JOSEError): string {
  if (err instanceof errors.JWTExpired) return 'it has ended: sign in again';
  if (err instanceof errors.JWTClaimValidationFailed) return `its claim "${err.claim}" is not as it must be`;
  return 'it is not signed by the identity provider';
}

/** UNAUTHENTICATED, with what is wrong with the person's token. */
export function identityInvalid(problem: string): RpcError {
  const message = `the token in the metadata "authorization" is refused: ${problem}`;
  return new RpcError(status.UNAUTHENTICATED, 'IDENTITY_INVALID', message);
}
