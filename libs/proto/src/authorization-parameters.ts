/**
 * Parameters of an OAuth authorization request that are made anew for each, belong to other requests, or change how the
 * answer comes (RFC 6749 §4.1, RFC 7636 §4.3, RFC 9101 §5, OAuth 2.0 Multiple Response Types §2.1): nobody else sets them.
 */
export const reservedAuthorizationParameters = [
  'response_type',
  'response_mode',
  'client_id',
  'client_secret',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'code',
  'code_verifier',
  'grant_type',
  'request',
  'request_uri',
] as const;

/** How a parameter is named (RFC 6749 appendix A.2 and §8.2). */
export const authorizationParameterName = /^[A-Za-z0-9._-]{1,100}$/;

/** What is wrong with further parameters of an authorization request, by name; empty: nothing. */
export function checkAuthorizationParameters(
  parameters: Readonly<Record<string, string>>,
): { name: string; description: string }[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const description = problemOf(name, value);
    return description === undefined ? [] : [{ name, description }];
  });
}

function problemOf(name: string, value: string): string | undefined {
  if (!authorizationParameterName.test(name))
    return 'is named with other characters than letters, digits, ".", "_", "-"';
  // Some servers do not tell capitals from small letters.
  if (reservedAuthorizationParameters.some((reserved) => reserved === name.toLowerCase())) {
    return 'is made anew for each request: leave it out';
  }
  return /^[\x20-\x7e]{1,1024}$/.test(value) ? undefined : 'must be 1 to 1,024 visible ASCII characters';
}
