import { GoogleError } from './google-error.ts';

/** A page of a sorted list. */
export type Page<T> = { items: T[]; nextPageToken?: string };

/**
 * The page after a token. Tokens name the last key seen, not an offset, so that what is added or removed between two
 * requests neither repeats nor skips anything else. `sorted` is in ascending order of `keyOf`.
 */
export function takePage<T>(sorted: T[], keyOf: (item: T) => string, size: number, token?: string): Page<T> {
  const after = token === undefined ? undefined : readToken(token).after;
  const start = after === undefined ? 0 : countUpTo(sorted, keyOf, after);
  const items = sorted.slice(start, start + size);
  const last = items.at(-1);
  if (last === undefined || start + size >= sorted.length) return { items };
  return { items, nextPageToken: writeToken({ page: pageNumber(token) + 1, after: keyOf(last) }) };
}

/** How many of a sorted list are not after a key. */
function countUpTo<T>(sorted: T[], keyOf: (item: T) => string, key: string): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (keyOf(sorted[middle]!) > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Which page of its list a request asks for, from 1. */
export function pageNumber(token?: string): number {
  return token === undefined ? 1 : readToken(token).page;
}

type Token = { page: number; after: string };

function writeToken(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(text: string): Token {
  try {
    const { page, after } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>;
    if (typeof page === 'number' && typeof after === 'string') return { page, after };
  } catch {
    // Not one of ours: refused below.
  }
  throw new GoogleError(400, 'invalid', 'Invalid Input: pageToken');
}
