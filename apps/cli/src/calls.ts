import { rpcErrorOf, status } from '@autoprov/grpc';

/** How long a call of a person's command may take. */
export const callTimeoutMs = 15_000;

/** The same for calls that ask the service provider and Google before they answer. */
export const checkTimeoutMs = 50_000;

/** All items of all pages. */
export async function collectPages<T>(
  fetchPage: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>,
): Promise<T[]> {
  const all: T[] = [];
  let pageToken = '';
  do {
    const page = await fetchPage(pageToken);
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}

/** The answer, or undefined where the service says that there is no such thing. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (err) {
    const { code, reason } = rpcErrorOf(err);
    if (code === status.NOT_FOUND || reason === 'CREDENTIAL_MISSING' || reason === 'DELEGATION_MISSING')
      return undefined;
    throw err;
  }
}
