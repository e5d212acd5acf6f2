import { member } from './json.ts';
import type { JsonObject } from './resource.ts';

/** Longer ones fit into no index. */
const maxIdChars = 512;

/**
 * The id of a resource (RFC 7643 §3.1); undefined where there is none that can be used: a service provider chooses it, and it is
 * stored, shown and put into paths. Dots alone lead out of `/Users/` however they are escaped (RFC 3986 §5.2.4).
 */
export function readId(resource: JsonObject): string | undefined {
  const id = member(resource, 'id');
  if (typeof id !== 'string' || id === '' || id.length > maxIdChars) return undefined;
  return /^\.{1,2}$|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(id) ? undefined : id;
}
