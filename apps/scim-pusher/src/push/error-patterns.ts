import type { ScimProfile } from '@autoprov/proto';
import { isFailureReason, type TemplatePattern } from '@autoprov/scim';

/** A template's patterns as the classifier takes them; a reason that this version does not know is left out. */
export function errorPatternsOf({ errorPatterns }: ScimProfile): TemplatePattern[] {
  return errorPatterns.flatMap(({ status, scimType, words, reason, retryable }) => {
    if (!isFailureReason(reason)) return [];
    return [
      {
        ...(status > 0 && { status }),
        ...(scimType !== '' && { scimType }),
        ...(words !== '' && { words }),
        ...(retryable !== undefined && { retryable }),
        reason,
      },
    ];
  });
}
