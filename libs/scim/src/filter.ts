import { isObject, member } from './json.ts';
import type { JsonObject, JsonValue } from './resource.ts';

const attributePath = /^(?:urn:[\w.:-]+:)?[A-Za-z$][\w$-]*(?:\.[A-Za-z$][\w$-]*)?$/i;

/** Attributes whose values are compared without regard to case: addresses and login names (RFC 7643 §4.1). */
const caseFolded = new Set(['username', 'emails', 'emails.value']);

/** Whether accounts can be filtered by it: a name, perhaps of a part, perhaps of an extension (RFC 7644 §3.10). */
export function isAttributePath(attribute: string): boolean {
  return attributePath.test(attribute);
}

/**
 * The filter `attribute eq "value"` (RFC 7644 §3.4.2.2). The value is a JSON string, so no value can end it; the
 * caller puts it into a URL with encodeURIComponent. Throws an Error for an attribute that is not a plain path.
 */
export function filterEq(attribute: string, value: string): string {
  if (!attributePath.test(attribute)) {
    throw new Error(
      `"${attribute}" cannot be filtered by: name an attribute such as userName, externalId or emails.value`,
    );
  }
  return `${attribute} eq ${JSON.stringify(value)}`;
}

/**
 * Whether a resource really has `value` at `attribute`. Service providers ignore filters they do not understand,
 * so every hit of filterEq is checked with this: userName and e-mail without regard to case, all else exactly.
 */
export function matchesEq(resource: JsonObject, attribute: string, value: string): boolean {
  const fold = caseFolded.has(attribute.toLowerCase()) ? (text: string) => text.toLowerCase() : (text: string) => text;
  return textsAt(resource, attribute).some((text) => fold(text) === fold(value));
}

function textsAt(resource: JsonObject, attribute: string): string[] {
  const urn = /^(urn:.+):([^:]+)$/i.exec(attribute);
  const container = urn?.[1] === undefined ? resource : member(resource, urn[1]);
  const names = (urn?.[2] ?? attribute).split('.');
  let values: (JsonValue | undefined)[] = [container];
  for (const name of names) {
    values = values.flatMap((value) => (isObject(value) ? member(value, name) : undefined)).flat();
  }
  return values
    .map((value) => (isObject(value) ? member(value, 'value') : value))
    .filter((value) => typeof value === 'string');
}
