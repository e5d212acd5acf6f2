/** Which system gives its users ids of this form. */
export type ExternalIdOrigin =
  | 'google user id'
  | 'okta user id'
  | 'guid, as of Entra ID'
  | 'jumpcloud user id'
  | 'mail address'
  | 'handle of the address'
  | 'unknown';

/**
 * What an externalId that is not ours looks like. A form is no proof: it helps people to see who wrote it.
 *
 * - Google: digits, as the directory's immutable user id (ssosync since 2.5, idp-scim-sync)
 * - Okta: 20 characters that begin with 00u
 * - Entra ID: the object id, a GUID; or by its default mapping the mailNickname, the local part of an address
 * - JumpCloud: 24 hexadecimal digits
 *
 * @param addresses of the person or the account
 */
export function recognizeExternalId(externalId: string, addresses: readonly string[]): ExternalIdOrigin {
  if (/^00u[0-9A-Za-z]{17}$/.test(externalId)) return 'okta user id';
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(externalId)) return 'guid, as of Entra ID';
  if (/^\d{18,22}$/.test(externalId)) return 'google user id';
  if (/^[0-9a-f]{24}$/i.test(externalId)) return 'jumpcloud user id';
  if (/^[^\s@]+@[^\s@]+$/.test(externalId)) return 'mail address';
  const isHandle = addresses.some((address) => address.split('@')[0]!.toLowerCase() === externalId.toLowerCase());
  return isHandle ? 'handle of the address' : 'unknown';
}
