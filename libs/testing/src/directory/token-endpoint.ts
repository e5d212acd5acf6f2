import { randomBytes, verify } from 'node:crypto';
import { googleTokenUrl } from './directory.ts';
import type { Directory } from './directory.ts';
import { findUser } from './state.ts';

/** An answer of the token endpoint. */
export type TokenAnswer = { status: number; body: Record<string, unknown> };

const lifetimeSeconds = 3600;
const allowedSkewSeconds = 300;

/**
 * Exchanges a service account's assertion for an access token (RFC 7523, domain-wide delegation). Refusals are those of
 * developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes".
 *
 * @param form the request's form-encoded body
 * @param tokenUrl where this endpoint listens: accepted as audience beside Google's own
 */
export function exchangeAssertion(directory: Directory, form: string, tokenUrl: string): TokenAnswer {
  const parameters = new URLSearchParams(form);
  if (parameters.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    return refuse(400, 'unsupported_grant_type', 'Invalid grant_type');
  }
  const claims = readAssertion(directory, parameters.get('assertion') ?? '');
  if ('refusal' in claims) return claims.refusal;
  return refuseClaims(directory, claims, tokenUrl) ?? issueToken(directory, claims);
}

/** Who signed the assertion of a request, by its own word; undefined when it says nothing. */
export function issuerOf(form: string): string | undefined {
  const assertion = new URLSearchParams(form).get('assertion') ?? '';
  return (parseJson(assertion.split('.')[1] ?? '') as Claims | undefined)?.iss;
}

type Claims = { iss?: string; sub?: string; scope?: string; aud?: string; iat?: number; exp?: number };

function readAssertion(directory: Directory, assertion: string): Claims | { refusal: TokenAnswer } {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const parsed = parseJson(payload) as Claims | undefined;
  const algorithm = (parseJson(header) as { alg?: string } | undefined)?.alg;
  if (!parsed || algorithm !== 'RS256') return { refusal: refuse(400, 'invalid_grant', 'Invalid JWT') };
  if (parsed.iss !== directory.clientEmail) {
    return { refusal: refuse(400, 'invalid_grant', 'Invalid grant: account not found') };
  }
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('RSA-SHA256', signed, directory.publicKey, Buffer.from(signature, 'base64url'))) {
    return { refusal: refuse(400, 'invalid_grant', 'Invalid JWT Signature.') };
  }
  return parsed;
}

function refuseClaims(directory: Directory, claims: Claims, tokenUrl: string): TokenAnswer | undefined {
  const { aud, iat = 0, exp = 0, sub, scope = '' } = claims;
  if (aud !== googleTokenUrl && aud !== tokenUrl) {
    return refuse(400, 'invalid_grant', `Invalid JWT: Failed audience check. The right audience is ${googleTokenUrl}`);
  }
  const now = (Date.now() + directory.tokenClockOffsetMs) / 1000;
  if (exp < now || iat > now + allowedSkewSeconds || exp - iat > lifetimeSeconds) {
    const message =
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. ' +
      'Check your iat and exp values in the JWT claim.';
    return refuse(400, 'invalid_grant', message);
  }
  const scopes = scope.split(' ').filter(Boolean);
  if (scopes.length === 0) return refuse(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  const granted = scopes.filter((wanted) => directory.grantedScopes.has(wanted));
  if (granted.length === 0 || !sub) {
    const message =
      'Client is unauthorized to retrieve access tokens using this method, ' +
      'or client not authorized for any of the scopes requested.';
    return refuse(401, 'unauthorized_client', message);
  }
  if (granted.length < scopes.length) return refuse(403, 'access_denied', 'Requested client not authorized.');
  const subject = findUser(directory.state, sub);
  if (!subject || subject.deletionTime) return refuse(400, 'invalid_grant', 'Invalid email or User ID');
  if (subject.suspended) return refuse(400, 'invalid_grant', 'Account has been suspended');
  return undefined;
}

function issueToken(directory: Directory, { sub = '', scope = '' }: Claims): TokenAnswer {
  const token = `ya29.${randomBytes(48).toString('base64url')}`;
  const expiresAtMs = Date.now() + lifetimeSeconds * 1000;
  directory.tokens.set(token, { subject: sub, scopes: scope.split(' '), expiresAtMs });
  return { status: 200, body: { access_token: token, expires_in: lifetimeSeconds - 1, token_type: 'Bearer' } };
}

function refuse(status: number, error: string, description: string): TokenAnswer {
  return { status, body: { error, error_description: description } };
}

function parseJson(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString());
  } catch {
    return undefined;
  }
}
