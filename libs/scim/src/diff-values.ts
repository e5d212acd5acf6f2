import { isObject, member, sameValue } from './json.ts';
import type { JsonObject, JsonValue, PatchOperation } from './resource.ts';

/** Types that every filter parser reads the same way. */
const plainType = /^[\w-]+$/;

/**
 * The operations between two sets of values of one multi-valued attribute. Where each value of both sides has a
 * type of its own, only the typed values that differ are touched (`emails[type eq "work"].value`), so that what
 * the service provider keeps beside them stays. Otherwise no filter could name a value, and the whole set is
 * replaced.
 */
export function diffValues(path: string, accepted: JsonValue[], desired: JsonValue[]): PatchOperation[] {
  const before = byType(accepted);
  const after = byType(desired);
  if (before === undefined || after === undefined) return [{ op: 'replace', path, value: desired }];
  const added = [...after].filter(([type]) => !before.has(type)).map(([, value]) => value);
  return [
    ...[...before].flatMap(([type, value]) => diffTyped(`${path}[type eq "${type}"]`, value, after.get(type))),
    ...(added.length === 0 ? [] : [{ op: 'add' as const, path, value: added }]),
  ];
}

function diffTyped(path: string, accepted: JsonObject, desired: JsonObject | undefined): PatchOperation[] {
  if (desired === undefined) return [{ op: 'remove', path }];
  const names = [...new Set([...Object.keys(desired), ...Object.keys(accepted)])];
  return names
    .filter((name) => !sameValue(accepted[name], desired[name]))
    .map((name): PatchOperation => {
      const value = desired[name];
      if (value === undefined) return { op: 'remove', path: `${path}.${name}` };
      return { op: accepted[name] === undefined ? 'add' : 'replace', path: `${path}.${name}`, value };
    });
}

/** The values by their type in lower case, or undefined when a value has no plain type or shares it with another. */
function byType(values: JsonValue[]): Map<string, JsonObject> | undefined {
  const typed = new Map<string, JsonObject>();
  for (const value of values) {
    const type = isObject(value) ? member(value, 'type') : undefined;
    if (!isObject(value) || typeof type !== 'string' || !plainType.test(type)) return undefined;
    if (typed.has(type.toLowerCase())) return undefined;
    typed.set(type.toLowerCase(), value);
  }
  return typed;
}
