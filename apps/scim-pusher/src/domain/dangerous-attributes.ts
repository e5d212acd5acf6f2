import { isObject, isUnassigned, member, type JsonObject, type JsonValue } from '@autoprov/scim';

/** An attribute that had a value and has none; `keys` lead to it in the resource. */
export type ClearedPath = { path: string; keys: string[]; oldValue: JsonValue };

/** Said by the account's state, not by the directory's attributes. */
const notAttributes = new Set(['schemas', 'id', 'meta', 'active']);

/**
 * userName and primary address where they become another, in any case the same being no change. Without a new value it is
 * cleared, not changed.
 */
export function changedIdentity(before: JsonObject, after: JsonObject) {
  const pairs: [string, string | undefined, string | undefined][] = [
    ['userName', textOf(member(before, 'userName')), textOf(member(after, 'userName'))],
    ['emails', primaryEmailOf(before), primaryEmailOf(after)],
  ];
  return pairs.flatMap(([path, oldValue, newValue]) =>
    oldValue !== undefined && newValue !== undefined && oldValue.toLowerCase() !== newValue.toLowerCase()
      ? [{ path, oldValue, newValue }]
      : [],
  );
}

/**
 * Attributes, and parts of complex ones, that had a value and have none.
 *
 * @param only those of these paths
 */
export function clearedPaths(before: JsonObject, after: JsonObject, only?: readonly { path: string }[]): ClearedPath[] {
  const cleared = Object.keys(before).flatMap((name) =>
    notAttributes.has(name) ? [] : clearedIn([name], before[name], member(after, name)),
  );
  return only ? cleared.filter(({ path }) => only.some((one) => one.path === path)) : cleared;
}

/** Gives `target` the value that `source` has there; nothing happens where it has none. */
export function keepValue(target: JsonObject, source: JsonObject, keys: readonly string[]): void {
  const [name, ...rest] = keys as [string, ...string[]];
  const key = Object.keys(source).find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
  const value = source[key];
  if (value === undefined) return;
  if (rest.length === 0) {
    target[key] = structuredClone(value);
    return;
  }
  const inner = target[key];
  const within: JsonObject = isObject(inner) ? inner : {};
  target[key] = within;
  keepValue(within, value as JsonObject, rest);
}

function clearedIn(keys: string[], before: JsonValue | undefined, after: JsonValue | undefined): ClearedPath[] {
  if (before === undefined || isUnassigned(before)) return [];
  const isExtension = keys[0]!.toLowerCase().startsWith('urn:');
  // An extension is no attribute: each of its attributes is.
  if (isObject(before) && (isObject(after) || (isExtension && keys.length === 1))) {
    const parts = isObject(after) ? after : {};
    return Object.keys(before).flatMap((name) => clearedIn([...keys, name], before[name], member(parts, name)));
  }
  if (after !== undefined && !isUnassigned(after)) return [];
  const [first, ...rest] = keys as [string, ...string[]];
  const path = isExtension && rest.length > 0 ? `${first}:${rest.join('.')}` : keys.join('.');
  return [{ path, keys, oldValue: before }];
}

function primaryEmailOf(user: JsonObject): string | undefined {
  const emails = member(user, 'emails');
  if (!Array.isArray(emails)) return undefined;
  const values = emails.filter(isObject);
  const primary = values.find((email) => email['primary'] === true) ?? values[0];
  return primary && textOf(member(primary, 'value'));
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
