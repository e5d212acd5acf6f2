/** Headers of an answer, by name in any case; repeated ones as a list. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The first value of a header by its name in any case; undefined when it is absent. */
export function headerOf(headers: Headers | undefined, name: string): string | undefined {
  if (headers === undefined) return undefined;
  const folded = name.toLowerCase();
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === folded)?.[1];
  return typeof found === 'string' ? found : found?.[0];
}
