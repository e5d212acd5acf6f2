import type { ScimProfile, TargetAttribute } from '@autoprov/proto';
import { schemaAttribute, type SchemaAttribute } from '@autoprov/scim';

/**
 * The attributes that a mapping may write, with what the template says of the service provider on top: what it demands and
 * does not describe is added, what it limits is narrowed.
 *
 * @param attributes parents before their parts, as the answer is
 */
export function overlayProfile(attributes: readonly SchemaAttribute[], profile: ScimProfile): TargetAttribute[] {
  const required = new Set(profile.requiredAttributes.map(keyOf));
  const immutable = new Set(profile.immutableAttributes.map(keyOf));
  const longest = maxLengthsOf(profile);
  const named = [...profile.requiredAttributes, ...profile.immutableAttributes, ...Object.keys(profile.maxLengths)];
  return withNamed(attributes, named.map(withoutFilters)).map((attribute) => {
    const key = attribute.path.toLowerCase();
    const narrowed = attribute.mutability === 'readWrite' && immutable.has(key);
    return {
      ...attribute,
      required: attribute.required || required.has(key),
      mutability: narrowed ? 'immutable' : attribute.mutability,
      maxLength: longest.get(key) ?? 0,
    };
  });
}

/** A mapping's target names one value of a list; the schema describes the list. */
function withoutFilters(target: string): string {
  return target.replace(/\[[^\]]*\]/g, '');
}

function keyOf(target: string): string {
  return withoutFilters(target).toLowerCase();
}

/** The shortest where a list's values have different ones. */
function maxLengthsOf(profile: ScimProfile): Map<string, number> {
  const longest = new Map<string, number>();
  for (const [target, chars] of Object.entries(profile.maxLengths)) {
    longest.set(keyOf(target), Math.min(chars, longest.get(keyOf(target)) ?? chars));
  }
  return longest;
}

function withNamed(attributes: readonly SchemaAttribute[], paths: readonly string[]): SchemaAttribute[] {
  const all = [...attributes];
  const known = new Set(all.map(({ path }) => path.toLowerCase()));
  const add = (path: string, type: SchemaAttribute['type']) => {
    if (known.has(path.toLowerCase())) return;
    known.add(path.toLowerCase());
    all.push(schemaAttribute(path, { type }));
  };
  for (const path of paths) {
    // The dots of a URN's version are no separators of parts.
    const parent = /^(.*:)?([^.:]+)\.[^.:]+$/.exec(path);
    if (parent) add(`${parent[1] ?? ''}${parent[2]}`, 'complex');
    add(path, 'string');
  }
  return all;
}
