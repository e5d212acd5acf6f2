import { readFileSync } from 'node:fs';
import { EnvError, field, z } from '@autoprov/service';
import type { Authorizer } from './authorize.ts';
import { createPersonVerifier, identityInvalid } from './verify-person.ts';
import type { IdentityProvider } from './verify-person.ts';

/** The variables that name the identity provider of people, for `parseEnv`. */
export const identityFields = {
  OIDC_ISSUER: field.url.startsWith('https://', 'must be an https URL, for example https://idp.example.com').optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_CA_FILE: field.filePath.optional(),
};

/** Reads them; undefined: no provider is set, and calls for a person are refused. Throws EnvError when half is set. */
export function readIdentityProvider(env: {
  OIDC_ISSUER?: string | undefined;
  OIDC_AUDIENCE?: string | undefined;
  OIDC_CA_FILE?: string | undefined;
}): IdentityProvider | undefined {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_CA_FILE: caFile } = env;
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined || audience === undefined) {
    throw new EnvError('OIDC_ISSUER and OIDC_AUDIENCE are set together or not at all: set both, or none');
  }
  return { issuer, audience, ...(caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }) };
}

/** How a server learns who somebody is and what they may do. */
export function createAuthorizer({
  identityProvider,
  bindingsOf,
}: {
  /** Without it, calls for a person are refused. */
  identityProvider: IdentityProvider | undefined;
  bindingsOf: Authorizer['bindingsOf'];
}): Authorizer {
  return { identify: identityProvider ? createPersonVerifier(identityProvider) : refusePeople, bindingsOf };
}

/** Of a server that was given none: no roles, no people. */
export const noRoles: Authorizer = { identify: refusePeople, bindingsOf: async () => [] };

async function refusePeople(): Promise<never> {
  throw identityInvalid('this service knows no identity provider: set OIDC_ISSUER and OIDC_AUDIENCE');
}
