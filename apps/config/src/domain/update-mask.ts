import type { Violation } from './check-setup.ts';

/** What of a resource an update may change. */
export type Updatable<T> = {
  /** The field of the request that holds the resource, for example `setup`. */
  resource: string;
  /** The fields that may be changed, each with the parts that may be changed alone. */
  fields: ReadonlyMap<string, readonly string[]>;
  /** Those that may not, with what to do instead. */
  outputOnly: ReadonlyMap<string, string>;
  /** Fills in what is missing. */
  fromPartial: (fields: object) => T;
};

/** The paths of an update: those of the mask or, without one, of every field that is set. */
export function pathsOf<T>({ fields }: Updatable<T>, wanted: T, mask: readonly string[] | undefined): string[] {
  if (mask && mask.length > 0) return [...mask];
  return [...fields.keys()].filter((path) => isSet((wanted as Fields)[camelCase(path)]));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** What is wrong with the paths of an update; empty when all of them can be changed. */
export function checkPaths<T>({ fields, outputOnly }: Updatable<T>, paths: readonly string[]): Violation[] {
  return paths.flatMap((path, i) => {
    const [head = '', part, ...rest] = path.split('.');
    const parts = fields.get(head);
    if (parts && (part === undefined || (parts.includes(part) && rest.length === 0))) return [];
    const known = parts ? [head, ...parts.map((name) => `${head}.${name}`)] : [...fields.keys()];
    const advice = outputOnly.get(head) ?? `is unknown: use ${known.join(', ')}`;
    return [{ field: `update_mask.paths[${i}]`, description: `"${path}" ${advice}` }];
  });
}

/** `current` with the fields of `paths` taken from `wanted`. */
export function applyPaths<T>({ fromPartial }: Updatable<T>, current: T, wanted: T, paths: readonly string[]): T {
  const merged = paths.reduce<Fields>(
    (target, path) => copyPath(target, wanted as Fields, path.split('.').map(camelCase)),
    current as Fields,
  );
  // Where a part was set in a message that was absent, its other parts are still missing.
  return fromPartial(merged);
}

/** Whether a field named in a violation is one of those that the paths change. */
export function isChanged<T>({ resource }: Updatable<T>, field: string, paths: readonly string[]): boolean {
  return (
    field === resource ||
    paths.some((path) => `${field}.`.startsWith(`${resource}.${path}.`) || field.startsWith(`${resource}.${path}[`))
  );
}

type Fields = Record<string, unknown>;

function copyPath(target: Fields, source: Fields, [head = '', ...rest]: string[]): Fields {
  if (rest.length === 0) return { ...target, [head]: source[head] };
  const inside = (fields: Fields) => (fields[head] ?? {}) as Fields;
  return { ...target, [head]: copyPath(inside(target), inside(source), rest) };
}

/** `endpoint_url` → `endpointUrl`. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
