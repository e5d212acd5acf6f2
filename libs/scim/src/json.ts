import type { JsonObject, JsonValue } from './resource.ts';

/** True for a JSON object; false for null, arrays and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses JSON. A byte order mark is accepted. Returns undefined for anything that is not JSON: answers of
 * service providers are never trusted to be what their content type says.
 */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The key of an object that equals `name` without regard to case (RFC 7643 §2.1), or undefined. */
export function keyOf(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const folded = name.toLowerCase();
  return Object.keys(object).find((key) => key.toLowerCase() === folded);
}

/** The member of an object by its name without regard to case; undefined when there is none. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  const key = keyOf(object, name);
  return key === undefined ? undefined : object[key];
}

/**
 * True for what SCIM calls unassigned: absent, null and an empty list mean the same (RFC 7643 §2.5). So do an
 * empty text and an empty object here, because service providers refuse both and we never send them.
 */
export function isUnassigned(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.every(isUnassigned);
  return isObject(value) && Object.values(value).every(isUnassigned);
}

/** The object without what is unassigned, at any depth: many service providers refuse null and "". */
export function assignedOnly(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === undefined || isUnassigned(value) ? [] : [[name, assignedValue(value)]],
    ),
  );
}

function assignedValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.filter((item) => !isUnassigned(item)).map(assignedValue);
  return isObject(value) ? assignedOnly(value) : value;
}

/**
 * One text per meaning: keys sorted, unassigned members left out, values of a list sorted, because neither the
 * order of members nor that of multi-valued attributes carries meaning (RFC 7643 §2.4).
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    const items = value.filter((item) => !isUnassigned(item)).map(canonicalJson);
    return `[${items.toSorted().join(',')}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value)
      .filter(([, item]) => !isUnassigned(item))
      .map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item ?? null)}`);
    return `{${members.toSorted().join(',')}}`;
  }
  return JSON.stringify(value);
}

/** True when two values mean the same: see canonicalJson. */
export function sameValue(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return canonicalJson(left ?? null) === canonicalJson(right ?? null);
}
