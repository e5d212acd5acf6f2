import type { Answer } from './directory-client.ts';
import { DirectoryError } from './domain/directory-error.ts';
import type { Page } from './domain/pages.ts';

/**
 * Reads a list page by page, as far as it is asked for. Throws DirectoryError (unusable) when a page token comes a
 * second time: the list would never end, and what it leaves out nobody knows.
 *
 * @param resumeAt the token to go on with; when Google does not take it any more, the list begins anew (`isFirst`)
 */
export async function* readPages<Item>(
  fetch: (pageToken: string | undefined) => Promise<Answer>,
  parse: (body: unknown) => Page<Item>,
  resumeAt?: string,
): AsyncGenerator<Page<Item> & { sentAt: Date; isFirst: boolean }> {
  const seen = new Set(resumeAt === undefined ? [] : [resumeAt]);
  let pageToken = resumeAt;
  let isResuming = resumeAt !== undefined;
  do {
    const { body, sentAt } = await fetch(pageToken).catch((err: unknown) => {
      // 400 or 410: the token is too old, or was another list's.
      if (!isResuming || !(err instanceof DirectoryError) || err.kind !== 'rejected') throw err;
      pageToken = undefined;
      seen.clear();
      return fetch(undefined);
    });
    isResuming = false;
    const page = parse(body);
    yield { ...page, sentAt, isFirst: pageToken === undefined };
    pageToken = page.nextPageToken;
    if (pageToken !== undefined && seen.has(pageToken)) {
      throw new DirectoryError('unusable', 'a list answered with a page token that it had given before');
    }
    if (pageToken !== undefined) seen.add(pageToken);
  } while (pageToken !== undefined);
}
