/**
 * What a later JSON Schema takes from those who rely on an earlier one: properties, required ones, names of enums, and
 * changed types. What it adds is no removal.
 *
 * @returns a sentence each
 */
export function findRemovals(before: unknown, after: unknown, path = '$'): string[] {
  if (Array.isArray(before)) return findInList(before, after, path);
  if (typeof before !== 'object' || before === null) {
    return before === after ? [] : [`${path} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`];
  }
  if (typeof after !== 'object' || after === null || Array.isArray(after)) return [`${path} is gone`];
  const now = after as Record<string, unknown>;
  return Object.entries(before).flatMap(([key, value]) =>
    key in now ? findRemovals(value, now[key], `${path}.${key}`) : [`${path}.${key} is gone`],
  );
}

/** Names of enums and of required properties may be added anywhere; other lists are compared one by one. */
function findInList(before: unknown[], after: unknown, path: string): string[] {
  if (!Array.isArray(after)) return [`${path} is gone`];
  if (before.every((item) => typeof item === 'string')) {
    return before.filter((item) => !after.includes(item)).map((item) => `${path} no longer holds ${item}`);
  }
  return before.flatMap((item, i) => findRemovals(item, after[i], `${path}[${i}]`));
}
