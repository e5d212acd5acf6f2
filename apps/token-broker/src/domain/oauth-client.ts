import type { FieldViolation } from '@autoprov/grpc';
import { checkUrl } from '@autoprov/outbound';
import { checkAuthorizationParameters, OAuthClient_Authentication, type OAuthClient } from '@autoprov/proto';

/** How tokens of a client are got. */
export type OAuthGrant = 'authorization_code' | 'client_credentials';

/**
 * Everything that is wrong with a client. Its URLs must be https on public hosts: they are called from inside.
 *
 * @param field the client's own path in the request
 */
export function checkOAuthClient(
  client: OAuthClient,
  { field, grant, allowedHosts }: { field: string; grant: OAuthGrant; allowedHosts: readonly string[] },
): FieldViolation[] {
  const url = (name: string, text: string): FieldViolation[] => {
    // What is called here is no SCIM base URL: a slash at the end may belong to it.
    const wrong = checkUrl(text.replace(/([^/])\/$/, '$1'), allowedHosts);
    return wrong === undefined ? [] : [{ field: `${field}.${name}`, description: `it ${wrong}` }];
  };
  const isPublic = client.authentication === OAuthClient_Authentication.AUTHENTICATION_NONE;
  return [
    // Only shown: what is asked beside the scopes, such as an audience, stands in its query.
    ...(grant === 'authorization_code'
      ? url('authorization_url', client.authorizationUrl.replace(/\?[^#]*$/, ''))
      : []),
    ...url('token_url', client.tokenUrl),
    ...(client.revocationUrl === '' ? [] : url('revocation_url', client.revocationUrl)),
    ...checkText(`${field}.client_id`, client.clientId),
    ...(isPublic ? [] : checkText(`${field}.client_secret`, client.clientSecret)),
    ...(isPublic && grant === 'client_credentials'
      ? [{ field: `${field}.authentication`, description: 'a client without a secret cannot use client credentials' }]
      : []),
    ...client.scopes.flatMap((scope, index) => checkScope(`${field}.scopes[${index}]`, scope)),
    ...checkAuthorizationParameters(client.authorizationParameters).map(({ name, description }) => ({
      field: `${field}.authorization_parameters`,
      description: `"${name}" ${description}`,
    })),
  ];
}

/** What is wrong with a redirect URI; undefined: nothing. It is compared letter for letter (RFC 6749 §3.1.2.3). */
export function checkRedirectUri(text: string): string | undefined {
  if (!URL.canParse(text)) return 'it is not a URL: write for example https://autoprov.example.com/oauth/callback';
  const url = new URL(text);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    return 'it must be https, or http on 127.0.0.1, [::1] or localhost (RFC 8252)';
  }
  if (url.username !== '' || url.password !== '') return 'it must hold no user or password';
  if (/[?#]/.test(text)) return 'it must have no query and no fragment';
  if (url.href !== text) return `write it as ${url.href}, and register it so at the service provider`;
  return undefined;
}

function checkText(field: string, text: string): FieldViolation[] {
  if (/^[\x20-\x7e]{1,2048}$/.test(text)) return [];
  return [{ field, description: 'it must be 1 to 2,048 visible ASCII characters (RFC 6749 appendix A)' }];
}

function checkScope(field: string, scope: string): FieldViolation[] {
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/.test(scope)) return [];
  return [{ field, description: 'it must be one scope without spaces (RFC 6749 §3.3)' }];
}
