import { isObject, member } from './json.ts';
import type { JsonObject, JsonValue } from './resource.ts';

/** One page of a list (RFC 7644 §3.4.2, cursors of RFC 9865). Counts are what the service provider says. */
export interface ScimList {
  resources: JsonObject[];
  totalResults?: number;
  itemsPerPage?: number;
  startIndex?: number;
  nextCursor?: string;
}

/**
 * Reads a parsed list answer, with names in any case, numbers as text, and bare arrays. `Resources` may be absent
 * when nothing was found. Returns undefined for a body that is not a list: it must never be taken for an empty one.
 */
export function readList(body: JsonValue | undefined): ScimList | undefined {
  if (Array.isArray(body)) return { resources: body.filter(isObject) };
  if (!isObject(body)) return undefined;
  const resources = member(body, 'Resources');
  const totalResults = numberOf(member(body, 'totalResults'));
  if (!Array.isArray(resources) && totalResults !== 0) return undefined;
  const itemsPerPage = numberOf(member(body, 'itemsPerPage'));
  const startIndex = numberOf(member(body, 'startIndex'));
  const nextCursor = member(body, 'nextCursor');
  return {
    resources: Array.isArray(resources) ? resources.filter(isObject) : [],
    ...(totalResults === undefined ? {} : { totalResults }),
    ...(itemsPerPage === undefined ? {} : { itemsPerPage }),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(typeof nextCursor === 'string' && nextCursor !== '' ? { nextCursor } : {}),
  };
}

function numberOf(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
