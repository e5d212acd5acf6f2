import { assignedOnly, isObject, keyOf, member } from './json.ts';
import { parsePath } from './path.ts';
import type { AttributePath } from './path.ts';
import type { JsonObject, JsonValue, ScimResource } from './resource.ts';
import { userUrn } from './urns.ts';

/** Kept by the service provider; never sent (RFC 7643 §3.1, §4.1.2). */
const notSent = new Set(['meta', 'groups']);

/**
 * The body of a PUT (RFC 7644 §3.5.1): what the service provider has (`current`), with everything this setup
 * manages taken from `desired`. A managed attribute that `desired` lacks is left out and so cleared; attributes we
 * do not manage stay, because a PUT may clear what it omits. `active` is always carried: some service providers
 * activate an account whose PUT does not mention it.
 *
 * @param managedPaths SCIM paths of the mapping, such as `emails[type eq "work"].value`
 */
export function mergeForPut(
  current: ScimResource,
  desired: ScimResource,
  managedPaths: readonly string[],
): ScimResource {
  const merged = structuredClone(current) as JsonObject;
  for (const name of Object.keys(merged)) if (notSent.has(name.toLowerCase())) delete merged[name];
  const known = { ...current, ...desired };
  for (const path of managedPaths) clearAt(merged, parsePath(path, known));
  overlay(merged, desired);
  merged[keyOf(merged, 'active') ?? 'active'] = isActive(member(merged, 'active'));
  const assigned = assignedOnly(merged);
  return { ...assigned, schemas: schemasOf(assigned, current, desired) };
}

/** An account whose state nobody mentions is active: that is what leaving it out means. */
function isActive(active: JsonValue | undefined): boolean {
  return typeof active === 'string' ? active.toLowerCase() === 'true' : active !== false;
}

function clearAt(resource: JsonObject, path: AttributePath): void {
  const container = path.urn === undefined ? resource : member(resource, path.urn);
  if (!isObject(container)) return;
  const key = keyOf(container, path.attribute);
  if (key === undefined) return;
  const value = container[key];
  const { type, subAttribute } = path;
  if (type !== undefined && Array.isArray(value)) {
    container[key] = value.filter((item) => !hasType(item, type));
  } else if (subAttribute !== undefined && isObject(value)) {
    delete value[keyOf(value, subAttribute) ?? subAttribute];
  } else {
    delete container[key];
  }
}

/** Writes `desired` over `target`: objects member by member, typed values beside the others, all else as a whole. */
function overlay(target: JsonObject, desired: JsonObject): void {
  for (const [name, value] of Object.entries(desired)) {
    if (value === undefined || name.toLowerCase() === 'schemas') continue;
    const key = keyOf(target, name) ?? name;
    const present = target[key];
    if (isObject(present) && isObject(value)) overlay(present, value);
    else if (Array.isArray(present) && Array.isArray(value)) target[key] = joinValues(present, value);
    else target[key] = structuredClone(value);
  }
}

function joinValues(present: JsonValue[], desired: JsonValue[]): JsonValue[] {
  const types = desired.map((item) => (isObject(item) ? member(item, 'type') : undefined));
  if (types.includes(undefined)) return structuredClone(desired);
  const others = present.filter((item) => !types.some((type) => typeof type === 'string' && hasType(item, type)));
  const hasPrimary = desired.some((item) => isObject(item) && member(item, 'primary') === true);
  return [...(hasPrimary ? others.map(withoutPrimary) : others), ...structuredClone(desired)];
}

function hasType(value: JsonValue, type: string): boolean {
  const own = isObject(value) ? member(value, 'type') : undefined;
  return typeof own === 'string' && own.toLowerCase() === type.toLowerCase();
}

/** At most one value may be primary (RFC 7643 §2.4). */
function withoutPrimary(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name.toLowerCase() !== 'primary'));
}

/** An extension is listed exactly when its container is there: strict service providers check both ways. */
function schemasOf(merged: JsonObject, ...sources: ScimResource[]): string[] {
  const listed = sources.flatMap((source) => source.schemas ?? []);
  const core = listed.filter((urn) => /:core:/i.test(urn));
  const extensions = Object.keys(merged).filter((name) => name.toLowerCase().startsWith('urn:'));
  return [...new Set([...(core.length === 0 ? [userUrn] : core), ...extensions])];
}
