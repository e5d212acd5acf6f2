import { invalidField } from './errors.ts';

const sizeDefault = 100;
const sizeMax = 500;

/** How many of a list are asked for; 0 is the default. Throws INVALID_ARGUMENT. */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw invalidField('page_size', 'is negative: send 0 for the default');
  return Math.min(pageSize || sizeDefault, sizeMax);
}

/** A page token over texts. */
export function toPageToken(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The texts of a page token; undefined: the first page is asked for. Throws INVALID_ARGUMENT. */
export function readPageToken(token: string, isPart: (parts: readonly string[]) => boolean): string[] | undefined {
  if (token === '') return undefined;
  const parts = parse(Buffer.from(token, 'base64url').toString());
  if (Array.isArray(parts) && parts.every((part) => typeof part === 'string') && isPart(parts)) return parts;
  throw invalidField('page_token', 'is not of a page of this list: send next_page_token as it came, or nothing');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
