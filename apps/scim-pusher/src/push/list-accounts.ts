import type { ScimProfile } from '@autoprov/proto';
import { readList, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { ScimClient, ScimFailure } from './scim-client.ts';

/** An account with the service provider's id. */
export type ListedAccount = ScimUser & { id: string };

const defaultPageSize = 100;

/**
 * Asks a service provider for all its accounts, page by page (RFC 7644 §3.4.2.4).
 *
 * @returns whether the list came whole, or why not where that is a failure
 */
export async function* listAccounts(
  scim: ScimClient,
  profile: ScimProfile,
): AsyncGenerator<ListedAccount[], { whole: boolean; failure?: ScimFailure }, undefined> {
  const pageSize = profile.maxPageSize || defaultPageSize;
  const seen = new Set<string>();
  for (let startIndex = 1; ;) {
    const answer = await scim.send('GET', `/Users?startIndex=${startIndex}&count=${pageSize}`);
    if (!answer.ok) return { whole: false, failure: answer.failure };
    const list = readList(answer.body);
    if (!list) return { whole: false };
    // Some service providers answer a full page for an index beyond the end, so only new ids count.
    const fresh = list.resources.filter(hasId).filter((account) => !seen.has(account.id));
    if (fresh.length === 0) return { whole: true };
    for (const { id } of fresh) seen.add(id);
    yield fresh;
    startIndex += list.resources.length;
    if (list.totalResults !== undefined && startIndex > list.totalResults) return { whole: true };
  }
}

function hasId(resource: JsonObject): resource is ListedAccount {
  return typeof resource['id'] === 'string' && resource['id'] !== '';
}
