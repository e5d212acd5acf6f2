/**
 * What of a later JSON Schema breaks an earlier one: properties, required ones or names of enums that are gone, types that
 * changed, and properties that are required now, though messages of before lack them. Other additions break nothing.
 *
 * @returns a sentence each
 */
export function findBreaks(before: unknown, after: unknown, path = '$'): string[] {
  if (Array.isArray(before)) return findInList(before, after, path);
  if (typeof before !== 'object' || before === null) {
    return before === after ? [] : [`${path} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`];
  }
  if (typeof after !== 'object' || after === null || Array.isArray(after)) return [`${path} is gone`];
  const was = before as Record<string, unknown>;
  const is = after as Record<string, unknown>;
  const gone = Object.entries(was).flatMap(([key, value]) =>
    key in is ? findBreaks(value, is[key], `${path}.${key}`) : [`${path}.${key} is gone`],
  );
  return [...gone, ...findNewlyRequired(was['required'], is['required'], path)];
}

/** Names of enums may be added anywhere, and so may required ones for this; other lists are compared one by one. */
function findInList(before: unknown[], after: unknown, path: string): string[] {
  if (!Array.isArray(after)) return [`${path} is gone`];
  if (before.every((item) => typeof item === 'string')) {
    return before.filter((item) => !after.includes(item)).map((item) => `${path} no longer holds ${item}`);
  }
  return before.flatMap((item, i) => findBreaks(item, after[i], `${path}[${i}]`));
}

function findNewlyRequired(before: unknown, after: unknown, path: string): string[] {
  // A property named "required" has a schema, which is no list.
  if (!Array.isArray(after)) return [];
  const known: unknown[] = Array.isArray(before) ? before : [];
  return after.filter((name) => !known.includes(name)).map((name) => `${path}.required now holds ${name}`);
}
