import { ProvisioningSetup } from '@autoprov/proto';
import type { Violation } from './check-setup.ts';

/** The fields of a setup that an update may change, each with the parts that may be changed alone. */
const updatable = new Map<string, readonly string[]>([
  ['endpoint_url', []],
  ['attribute_mapping', ['rows']],
  ['scope', ['groups', 'org_units', 'excluded_org_units', 'persons', 'excluded_persons']],
  ['deprovisioning', ['out_of_scope', 'suspended', 'archived', 'deleted']],
  ['matching', ['attributes', 'on_existing', 'on_foreign_external_id']],
]);

/** Those that it may not, with what to do instead. */
const outputOnly = new Map([
  ['name', 'names the setup: leave it out of the mask'],
  ['etag', 'says which state is changed: leave it out of the mask'],
  ['revision', 'is set by the service: leave it out'],
  ['state', 'is changed by ActivateSetup and DeactivateSetup: leave it out'],
  ['template_version', 'is set by the service: leave it out'],
  ['create_time', 'is set by the service: leave it out'],
  ['update_time', 'is set by the service: leave it out'],
]);

/** The paths of an update: those of the mask or, without one, of every field that is set. */
export function pathsOf(setup: ProvisioningSetup, mask: readonly string[] | undefined): string[] {
  if (mask && mask.length > 0) return [...mask];
  const fields = setup as unknown as Record<string, unknown>;
  return [...updatable.keys()].filter((path) => (fields[camelCase(path)] ?? '') !== '');
}

/** What is wrong with the paths of an update; empty when all of them can be changed. */
export function checkPaths(paths: readonly string[]): Violation[] {
  return paths.flatMap((path, i) => {
    const [head = '', part, ...rest] = path.split('.');
    const parts = updatable.get(head);
    if (parts && (part === undefined || (parts.includes(part) && rest.length === 0))) return [];
    const known = parts ? [head, ...parts.map((name) => `${head}.${name}`)] : [...updatable.keys()];
    const advice = outputOnly.get(head) ?? `is unknown: use ${known.join(', ')}`;
    return [{ field: `update_mask.paths[${i}]`, description: `"${path}" ${advice}` }];
  });
}

/** `current` with the fields of `paths` taken from `wanted`. */
export function applyPaths(
  current: ProvisioningSetup,
  wanted: ProvisioningSetup,
  paths: readonly string[],
): ProvisioningSetup {
  const merged = paths.reduce<Fields>(
    (target, path) => copyPath(target, wanted as unknown as Fields, path.split('.').map(camelCase)),
    current as unknown as Fields,
  );
  // Where a part was set in a message that was absent, its other parts are still missing.
  return ProvisioningSetup.fromPartial(merged as Partial<ProvisioningSetup>);
}

/** Whether a field named in a violation is one of those that the paths change. */
export function isChanged(field: string, paths: readonly string[]): boolean {
  return (
    field === 'setup' ||
    paths.some((path) => `${field}.`.startsWith(`setup.${path}.`) || field.startsWith(`setup.${path}[`))
  );
}

type Fields = Record<string, unknown>;

function copyPath(target: Fields, source: Fields, [head = '', ...rest]: string[]): Fields {
  if (rest.length === 0) return { ...target, [head]: source[head] };
  const inside = (fields: Fields) => (fields[head] ?? {}) as Fields;
  return { ...target, [head]: copyPath(inside(target), inside(source), rest) };
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
