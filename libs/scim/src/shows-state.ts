import { isObject, isUnassigned, member } from './json.ts';
import type { JsonObject, JsonValue } from './resource.ts';

/** Not part of the state: named by us, kept by the service provider, or never returned (RFC 7643 §7). */
const notCompared = new Set(['schemas', 'id', 'meta', 'groups', 'password']);

/** Service providers store addresses and login names in lower case. */
const caseFolded = new Set(['username', 'emails']);

/**
 * Whether a service provider's answer contains the desired mapped state. Names are compared without regard to
 * case, extra attributes and values are ignored, "true" counts as true, and an unassigned desired attribute must
 * be unassigned in the answer.
 */
export function showsState(resource: JsonObject, desired: JsonObject): boolean {
  return Object.entries(desired)
    .filter(([name]) => !notCompared.has(name.toLowerCase()))
    .every(([name, value]) => contains(member(resource, name), value, caseFolded.has(name.toLowerCase())));
}

function contains(shown: JsonValue | undefined, desired: JsonValue | undefined, fold: boolean): boolean {
  if (desired === undefined || isUnassigned(desired)) return isUnassigned(shown);
  if (shown === undefined || shown === null) return false;
  if (Array.isArray(desired)) {
    const values = Array.isArray(shown) ? shown : [shown];
    return desired
      .filter((item) => !isUnassigned(item))
      .every((item) => values.some((value) => contains(value, item, fold)));
  }
  if (isObject(desired)) {
    return (
      isObject(shown) && Object.entries(desired).every(([name, item]) => contains(member(shown, name), item, fold))
    );
  }
  if (isObject(shown) || Array.isArray(shown)) return false;
  const [left, right] = [String(shown), String(desired)];
  const foldThis = fold || typeof desired === 'boolean';
  return foldThis ? left.toLowerCase() === right.toLowerCase() : left === right;
}
