import { invalid } from './names.ts';

/** A page asked for: how many, after which id. */
export type PageRequest = { after: string; limit: number };

/** Reads `page_size` (0: 100; over 500 is 500) and `page_token`. Throws INVALID_ARGUMENT. */
export function readPageRequest({ pageSize, pageToken }: { pageSize: number; pageToken: string }): PageRequest {
  if (pageSize < 0) throw invalid('page_size', 'it is less than 0: leave it out for 100');
  const after = Buffer.from(pageToken, 'base64url').toString();
  if (writePageToken(after) !== pageToken) throw invalid('page_token', 'it is not from an answer: begin without one');
  return { after, limit: Math.min(pageSize || 100, 500) };
}

/** Before Google's page tokens in ours. No token of a page of the mirror has a dot. */
const GOOGLE = 'google.';

/** As readPageRequest, of a page that Google is asked for: the token is Google's, undefined for the first page. */
export function readGooglePageRequest({ pageSize, pageToken }: { pageSize: number; pageToken: string }) {
  const { limit } = readPageRequest({ pageSize, pageToken: '' });
  if (pageToken === '') return { limit, googleToken: undefined };
  const googleToken = pageToken.startsWith(GOOGLE) ? Buffer.from(pageToken.slice(GOOGLE.length), 'base64url') : '';
  if (writeGooglePageToken(String(googleToken)) !== pageToken) {
    throw invalid('page_token', 'it is not from an answer with fresh users: begin without one');
  }
  return { limit, googleToken: String(googleToken) };
}

/** Our token for a page of Google's; empty when there is none. */
export function writeGooglePageToken(googleToken: string | undefined): string {
  return googleToken ? `${GOOGLE}${writePageToken(googleToken)}` : '';
}

/** The token of the page after an id; of the last page it is empty. */
export function writePageToken(after: string): string {
  return Buffer.from(after).toString('base64url');
}

/** Cuts a page to `limit` when one item more was asked for, and gives the next page's token. */
export function cutPage<Item>(items: Item[], limit: number, idOf: (item: Item) => string) {
  const page = items.slice(0, limit);
  return { page, nextPageToken: items.length > limit ? writePageToken(idOf(page.at(-1)!)) : '' };
}
