import type { ScimProfile } from '@autoprov/proto';
import { readId, readList, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { ScimClient } from './scim-client.ts';
import type { ScimFailure } from './scim-failure.ts';

/** An account with the service provider's id. */
export type ListedAccount = ScimUser & { id: string };

/** How many accounts of a page were not there yet, and their size in characters. */
export type Kept = { count: number; chars: number };

/** How far a list has come: it can be gone on with later. */
export type ListPosition = {
  startIndex: number;
  pageCount: number;
  accountCount: number;
  charCount: number;
  /** As the service provider said last. */
  totalResults?: number;
};

const defaultPageSize = 100;
/** A list of smaller pages than this on average is taken for one without end before it is as long as may be. */
const minAveragePage = 50;
/** What accounts take on average, in JSON; a list of larger ones ends sooner. */
const averageAccountChars = 2_000;

/**
 * Asks a service provider for all its accounts, page by page (RFC 7644 §3.4.2.4). It is the service provider that says how long
 * the list is, so there is an end to what is believed. Whoever takes a page says what of it was new.
 *
 * @param at where to begin, moved on with each page: what it says when a page is taken is where the next one begins
 * @returns whether the list came whole, or why not where that is a failure
 */
export async function* listAccounts(
  scim: ScimClient,
  profile: ScimProfile,
  maxAccounts: number,
  at: ListPosition = { startIndex: 1, pageCount: 0, accountCount: 0, charCount: 0 },
): AsyncGenerator<ListedAccount[], { whole: boolean; failure?: ScimFailure }, Kept | undefined> {
  const pageSize = profile.maxPageSize || defaultPageSize;
  const maxPages = Math.ceil(maxAccounts / Math.min(pageSize, minAveragePage));
  while (at.pageCount < maxPages) {
    if (at.totalResults !== undefined && at.startIndex > at.totalResults) return { whole: true };
    const answer = await scim.send('GET', `/Users?startIndex=${at.startIndex}&count=${pageSize}`);
    if (!answer.ok) return { whole: false, failure: answer.failure };
    const list = readList(answer.body);
    if (!list) return { whole: false };
    if (list.totalResults !== undefined) at.totalResults = list.totalResults;
    const accounts = [...new Map(list.resources.filter(hasId).map((account) => [account.id, account])).values()];
    if (accounts.length === 0) return { whole: true };
    at.pageCount++;
    at.startIndex += list.resources.length;
    // Some service providers answer a full page for an index beyond the end, so only new ids count.
    const { count, chars } = (yield accounts) ?? { count: 0, chars: 0 };
    if (count === 0) return { whole: true };
    at.accountCount += count;
    at.charCount += chars;
    if (at.accountCount > maxAccounts || at.charCount > maxAccounts * averageAccountChars) return { whole: false };
  }
  return { whole: false };
}

function hasId(resource: JsonObject): resource is ListedAccount {
  return readId(resource) !== undefined;
}
