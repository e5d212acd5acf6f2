import { invalidField } from './errors.ts';
import { readCustomer } from './names.ts';

const SIZE_DEFAULT = 100;
const SIZE_MAX = 1_000;

/** Reads `customers/{customer}`, or `customers/-`, which is undefined: of all. Throws INVALID_ARGUMENT. */
export function readParent(parent: string): string | undefined {
  return parent === 'customers/-' ? undefined : readCustomer('parent', parent);
}

/** How many of a list are asked for; 0 is the default. Throws INVALID_ARGUMENT. */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw invalidField('page_size', 'it is negative: send 0 for the default');
  return Math.min(pageSize || SIZE_DEFAULT, SIZE_MAX);
}

/** The key after which a page begins, as `toPageToken` had it; undefined: the first page. Throws INVALID_ARGUMENT. */
export function readPageToken<Key>(token: string, readKey: (json: unknown) => Key | undefined): Key | undefined {
  if (token === '') return undefined;
  const key = readKey(parse(Buffer.from(token, 'base64url').toString()));
  if (key !== undefined) return key;
  throw invalidField('page_token', 'it is not of a page of this list: send next_page_token as it came, or nothing');
}

/** The first `limit` of `found`, which holds one more when another page follows, and the token of that page. */
export function cutPage<Row>(found: readonly Row[], limit: number, keyOf: (last: Row) => unknown) {
  const rows = found.slice(0, limit);
  const hasMore = found.length > limit;
  return { rows, nextPageToken: hasMore ? Buffer.from(JSON.stringify(keyOf(rows.at(-1)!))).toString('base64url') : '' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
