import { callScim } from './scim-client.ts';
import type { ScimAccess } from './scim-client.ts';

/** The URN of the enterprise extension (RFC 7643 §4.3). */
export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** A user as a service provider shows it (RFC 7643 §4.1), as far as we compare it. */
export type ScimAccount = {
  id: string;
  externalId?: string;
  userName: string;
  active?: boolean;
  displayName?: string;
  title?: string;
  preferredLanguage?: string;
  name?: { givenName?: string; familyName?: string; formatted?: string };
  emails?: { value: string; type?: string; primary?: boolean }[];
  phoneNumbers?: { value: string; type?: string; primary?: boolean }[];
  [enterpriseUrn]?: {
    department?: string;
    costCenter?: string;
    organization?: string;
    employeeNumber?: string;
    manager?: { value?: string };
  };
};

/**
 * Reads every user a service provider shows, by index paging (RFC 7644 §3.4.2.4). Ends on a page without a new id: a
 * provider may answer beyond its end with what it showed before (scimmy-routers does).
 *
 * @throws when the provider refuses a page
 */
export async function listAccounts(access: ScimAccess): Promise<ScimAccount[]> {
  const seen = new Map<string, ScimAccount>();
  for (;;) {
    const page = await callScim(access, 'GET', `/Users?startIndex=${seen.size + 1}&count=100`);
    if (page.status !== 200) {
      throw new Error(`GET /Users answered ${page.status}: look at the service provider, ${JSON.stringify(page.body)}`);
    }
    const { Resources = [] } = page.body as { Resources?: ScimAccount[] };
    const fresh = Resources.filter(({ id }) => !seen.has(id));
    if (fresh.length === 0) return [...seen.values()];
    for (const account of fresh) seen.set(account.id, account);
  }
}
