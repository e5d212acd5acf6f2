/** What the directory is read with, exactly (OAuth scopes of the Admin SDK). */
export const directoryScopes = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.userschema.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
] as const;

/**
 * The page of Google's admin console that adds domain-wide delegation, filled in.
 *
 * @param clientId the numeric client id of the customer's service account
 */
export function delegationLink(clientId: string, scopes: readonly string[] = directoryScopes): string {
  const url = new URL('https://admin.google.com/ac/owl/domainwidedelegation');
  url.searchParams.set('clientIdToAdd', clientId);
  url.searchParams.set('clientScopeToAdd', scopes.join(','));
  url.searchParams.set('overwriteClientId', 'true');
  return url.href;
}
