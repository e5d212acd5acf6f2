import { createHash } from 'node:crypto';
import { canonicalJson } from './json.ts';
import type { ScimResource } from './resource.ts';

/**
 * The digest of a resource: `v1:` and the SHA-256 (hex) of its canonical JSON. The order of members and of
 * multi-valued attributes never matters, and neither does how "unassigned" is written. A change of the
 * canonical form must change the prefix, or every account of every app would look changed.
 */
export function digestOf(resource: ScimResource): string {
  return `v1:${createHash('sha256').update(canonicalJson(resource)).digest('hex')}`;
}
