import type { ScimProfile, TargetSchema } from '@autoprov/proto';
import { isObject, isUnassigned, type JsonObject, type JsonValue } from '@autoprov/scim';
import { parseTargetPath } from './target-path.ts';
import { indexSchema, requiredTargets, type AttributeIndex, type RequiredTarget } from './target-schema.ts';
import { valueProblem } from './value-problem.ts';

/** Why a service provider would refuse one value of a resource. */
export type Refusal = {
  /** The SCIM path, as a mapping row's target. */
  path: string;
  /** A sentence for people: why, and what to do. Holds no value of the person. */
  problem: string;
};

type Search = { index: AttributeIndex; profile: ScimProfile | undefined; known: boolean; found: Refusal[] };

/** Set by the system, or by the protocol. */
const notChecked = new Set(['schemas', 'active', 'id', 'meta']);

/** Finds what a service provider would refuse of a mapped resource; empty when nothing is known to be wrong. */
export function findRefusals(
  resource: JsonObject,
  schema: TargetSchema | undefined,
  profile: ScimProfile | undefined,
): Refusal[] {
  const search: Search = { index: indexSchema(schema), profile, known: schema?.discovered ?? false, found: [] };
  for (const [name, value] of Object.entries(resource)) {
    if (value === undefined || notChecked.has(name)) continue;
    if (!name.startsWith('urn:')) searchAttribute(search, name, value);
    else if (isObject(value)) {
      for (const [part, item] of Object.entries(value))
        if (item !== undefined) searchAttribute(search, `${name}:${part}`, item);
    }
  }
  for (const required of requiredTargets(search.index, profile)) {
    if (isMissing(resource, required)) {
      const { path } = required;
      search.found.push({
        path,
        problem: 'is required, but has no value: fill it in the directory, or give its row a default',
      });
    }
  }
  return search.found;
}

function searchAttribute(search: Search, path: string, value: JsonValue): void {
  const { index, profile, known, found } = search;
  const attribute = index.get(path.toLowerCase());
  if (!attribute && known && path.toLowerCase() !== 'externalid') {
    found.push({ path, problem: 'is no attribute of the service provider: remove its row' });
    return;
  }
  if (attribute?.mutability === 'readOnly') {
    found.push({ path, problem: 'can only be read at the service provider: remove its row' });
  }
  if (!Array.isArray(value)) {
    if (attribute?.multiValued) found.push({ path, problem: 'must be a list: map a list, or a part of its values' });
    else searchValue(search, path, path, value);
    return;
  }
  if (attribute && !attribute.multiValued) {
    found.push({ path, problem: 'is a list, but must be one value: choose one with first()' });
    return;
  }
  if (profile?.singleValued && value.length > 1) {
    found.push({ path, problem: `has ${value.length} values, the service provider takes one: map one of them only` });
  }
  for (const item of value) {
    const type = isObject(item) ? item['type'] : undefined;
    searchValue(search, path, typeof type === 'string' ? `${path}[type eq "${type}"]` : path, item);
  }
}

/** @param path as the schema names it; @param target with the filter for the one value */
function searchValue(search: Search, path: string, target: string, value: JsonValue): void {
  const attribute = search.index.get(path.toLowerCase());
  if (!isObject(value) || attribute?.type !== 'complex') {
    // Objects are looked into even where the schema is unknown: lengths and characters come from the profile.
    if (!isObject(value) || attribute)
      return note(search, target, valueProblem(target, value, attribute, search.profile));
  }
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined || part === null) continue;
    const partPath = `${path}.${name}`;
    const partAttribute = search.index.get(partPath.toLowerCase());
    if (!partAttribute && search.known && hasParts(search.index, path)) {
      note(search, `${target}.${name}`, 'is no attribute of the service provider: remove its row');
    } else
      for (const item of Array.isArray(part) ? part : [part]) {
        note(search, `${target}.${name}`, valueProblem(`${target}.${name}`, item, partAttribute, search.profile));
      }
  }
}

function note({ found }: Search, path: string, problem: string | undefined): void {
  if (problem === undefined || found.some((refusal) => refusal.path === path && refusal.problem === problem)) return;
  found.push({ path, problem });
}

function hasParts(index: AttributeIndex, path: string): boolean {
  const prefix = `${path.toLowerCase()}.`;
  return [...index.keys()].some((key) => key.startsWith(prefix));
}

function isMissing(resource: JsonObject, { path, withParent }: RequiredTarget): boolean {
  const target = parseTargetPath(path);
  if (!target) return false;
  const home = target.urn === undefined ? resource : resource[target.urn];
  const whole = isObject(home) ? home[target.attribute] : undefined;
  const { type, subAttribute } = target;
  if (withParent && isUnassigned(whole)) return false;
  const elements = (Array.isArray(whole) ? whole : [whole]).filter(
    (e) => type === undefined || (isObject(e) && e['type'] === type),
  );
  const lacks = (e: JsonValue | undefined) =>
    isUnassigned(subAttribute !== undefined && isObject(e) ? e[subAttribute] : e);
  return withParent ? elements.some(lacks) : elements.every(lacks);
}
