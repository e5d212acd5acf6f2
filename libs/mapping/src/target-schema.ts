import type { ScimProfile, TargetAttribute, TargetSchema } from '@autoprov/proto';
import type { AttributePath } from '@autoprov/scim';
import { parseTargetPath } from './target-path.ts';

/** A service provider's attributes by path, without regard to case (RFC 7643 §2.1). */
export type AttributeIndex = ReadonlyMap<string, TargetAttribute>;

/** Indexes a schema; empty when it is unknown. */
export function indexSchema(schema: TargetSchema | undefined): AttributeIndex {
  return new Map((schema?.attributes ?? []).map((attribute) => [attribute.path.toLowerCase(), attribute]));
}

/** A path without its filter, as a schema names it: `emails.value`. */
export function schemaPath({ urn, attribute, subAttribute }: AttributePath): string {
  return (urn === undefined ? '' : `${urn}:`) + attribute + (subAttribute === undefined ? '' : `.${subAttribute}`);
}

/** The path of the attribute that holds a sub-attribute: `emails`. */
export function parentPath(path: AttributePath): string {
  return schemaPath({ ...path, subAttribute: undefined } as AttributePath);
}

/** How many characters the value at a target may have, by profile or schema; undefined when nothing is known. */
export function maxLengthOf(
  target: string,
  attribute: TargetAttribute | undefined,
  profile: ScimProfile | undefined,
): number | undefined {
  const found = Object.entries(profile?.maxLengths ?? {}).find(([path]) => isSamePath(path, target));
  return (found?.[1] ?? attribute?.maxLength) || undefined;
}

/** Whether two targets name one place; one without a filter names all of its kind. */
export function isSamePath(path: string, target: string): boolean {
  if (path.toLowerCase() === target.toLowerCase()) return true;
  const [left, right] = [parseTargetPath(path), parseTargetPath(target)];
  if (!left || !right || (left.type !== undefined && right.type !== undefined)) return false;
  return schemaPath(left).toLowerCase() === schemaPath(right).toLowerCase();
}

/** Common to all resources (RFC 7643 §3.1) and so seldom in a service provider's list. */
export function isCommon(path: AttributePath): boolean {
  return path.urn === undefined && ['externalid', 'id', 'meta', 'schemas'].includes(path.attribute.toLowerCase());
}

/** A target that must have a value: always, or where the attribute that it is part of has one (RFC 7643 §7). */
export type RequiredTarget = { path: string; withParent: boolean };

/** What schema and profile require; what the system sets by itself is left out. */
export function requiredTargets(index: AttributeIndex, profile: ScimProfile | undefined): RequiredTarget[] {
  const ownDecision = new Set(['active', 'id', 'schemas', 'meta', 'password']);
  const byProfile = (profile?.requiredAttributes ?? []).map((path) => ({ path, withParent: false }));
  const bySchema = [...index.values()]
    .filter(({ required, mutability }) => required && mutability !== 'readOnly')
    .map(({ path }) => ({ path, withParent: parseTargetPath(path)?.subAttribute !== undefined }));
  const all = [...byProfile, ...bySchema].filter(({ path }) => !ownDecision.has(path.toLowerCase()));
  return all.filter(({ path }, i) => all.findIndex((other) => isSamePath(other.path, path)) === i);
}
