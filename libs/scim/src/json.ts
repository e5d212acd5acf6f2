import type { JsonObject, JsonValue } from './resource.ts';

/** True for a JSON object; false for null, arrays and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** More than any answer needs; beyond it the reading alone would take all the time and memory, or the stack. */
const maxLevels = 32;
const maxContainers = 50_000;
const maxNamesOfOne = 1_000;

/** An escaped NUL or half a character, which no database takes; whole pairs and other escapes are passed over. */
const escapes = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u(0000|[dD][89a-fA-F][\da-fA-F]{2})|\\[^]/g;

/**
 * Parses JSON. A byte order mark is accepted; NUL and halves of characters become U+FFFD, so that the texts can be stored.
 * Returns undefined for anything that is not JSON, and for JSON that is nested deeper than 32 levels, or has more than 50,000
 * objects and lists or 1,000 names in one object: answers of service providers are never trusted to be what they say.
 */
export function parseJson(text: string): JsonValue | undefined {
  const json = text.replace(/^\uFEFF/, '');
  if (isExcessive(json)) return undefined;
  try {
    return JSON.parse(
      json.includes('\\u')
        ? json.replace(escapes, (escape, alone?: string) => (alone === undefined ? escape : '\\ufffd'))
        : json,
    ) as JsonValue;
  } catch {
    return undefined;
  }
}

function isExcessive(json: string): boolean {
  const namesOfOpen: number[] = [];
  let containers = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') {
      at = endOfText(json, at);
    } else if (char === '{' || char === '[') {
      if (namesOfOpen.push(0) > maxLevels || ++containers > maxContainers) return true;
    } else if (char === '}' || char === ']') {
      namesOfOpen.pop();
    } else if (char === ':') {
      const names = (namesOfOpen.pop() ?? 0) + 1;
      if (names > maxNamesOfOne) return true;
      namesOfOpen.push(names);
    }
  }
  return false;
}

/** Where the text ends that begins at `start`; the end of all where it does not. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end;
  }
  return json.length;
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
