import type { Answer } from './directory-client.ts';
import { DirectoryError } from './domain/directory-error.ts';
import type { Page } from './domain/pages.ts';

/**
 * Reads a list page by page, as far as it is asked for. Throws DirectoryError (unusable) when a page token comes a
 * second time: the list would never end, and what it leaves out nobody knows.
 */
export async function* readPages<Item>(
  fetch: (pageToken: string | undefined) => Promise<Answer>,
  parse: (body: unknown) => Page<Item>,
): AsyncGenerator<Page<Item> & { sentAt: Date }> {
  const seen = new Set<string>();
  let pageToken: string | undefined;
  do {
    const { body, sentAt } = await fetch(pageToken);
    const page = parse(body);
    yield { ...page, sentAt };
    pageToken = page.nextPageToken;
    if (pageToken !== undefined && seen.has(pageToken)) {
      throw new DirectoryError('unusable', 'a list answered with a page token that it had given before');
    }
    if (pageToken !== undefined) seen.add(pageToken);
  } while (pageToken !== undefined);
}
