import type { Violation } from './check-setup.ts';

/** What is wrong with a list of names, each at most once; empty: nothing. */
export function checkList(field: string, values: readonly string[], { ignoreCase = false } = {}): Violation[] {
  const seen = new Map<string, number>();
  return values.flatMap((value, i) => {
    const at = `${field}[${i}]`;
    // Also keeps out NUL, which PostgreSQL cannot store.
    if (!/^\P{Cc}{1,1024}$/u.test(value)) {
      return [{ field: at, description: 'must be 1 to 1,024 characters without control characters' }];
    }
    const key = ignoreCase ? value.toLowerCase() : value;
    const first = seen.get(key);
    seen.set(key, first ?? i);
    return first === undefined ? [] : [{ field: at, description: `stands in ${field}[${first}] already: remove it` }];
  });
}
