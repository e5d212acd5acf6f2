import { refuseViolations } from './violations.ts';

const SIZE_DEFAULT = 100;
const SIZE_MAX = 1_000;

/** How many of a list are asked for; 0 is the default. */
export function pageLimit(pageSize: number, { sizeDefault = SIZE_DEFAULT, sizeMax = SIZE_MAX } = {}): number {
  if (pageSize < 0) refuseViolations([{ field: 'page_size', description: 'is negative: send 0 for the default' }]);
  return Math.min(pageSize || sizeDefault, sizeMax);
}

/** What a page token stands for: the last key of the page before; undefined: the first page is asked for. */
export function readPageToken(token: string, form: RegExp): string | undefined {
  if (token === '') return undefined;
  const key = Buffer.from(token, 'base64url').toString();
  if (form.test(key)) return key;
  const description = 'is not from a page of this list: send next_page_token as it came, or nothing';
  refuseViolations([{ field: 'page_token', description }]);
  return undefined;
}

/** The first `limit` of `found`, which holds one more when another page follows. */
export function cutPage<Item>(found: Item[], limit: number, keyOf: (last: Item) => string) {
  const items = found.slice(0, limit);
  const nextPageToken = found.length > limit ? Buffer.from(keyOf(items.at(-1)!)).toString('base64url') : '';
  return { items, nextPageToken };
}
