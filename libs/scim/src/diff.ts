import { diffValues } from './diff-values.ts';
import { assignedOnly, isObject, keyOf, member, sameValue } from './json.ts';
import type { JsonObject, JsonValue, PatchOp, PatchOperation, ScimResource } from './resource.ts';
import { patchOpUrn } from './urns.ts';

/** Never changed by a client (RFC 7643 §3.1, §4.1.2): readOnly, or implied by the attributes themselves. */
const notPatched = new Set(['schemas', 'id', 'meta', 'groups']);

/**
 * The PATCH operations (RFC 7644 §3.5.2) that lead from the resource the service provider last accepted from us
 * to the desired one; none when both mean the same. Both are *mapped* resources: an attribute that is missing in
 * `desired` is removed. Removals come first, so that a service provider that allows one value, or one primary
 * value, never sees two.
 */
export function diffUser(accepted: ScimResource, desired: ScimResource): PatchOperation[] {
  const [before, after] = [assignedOnly(accepted), assignedOnly(withBooleanActive(desired))];
  const operations = attributeNames(before, after)
    .filter((name) => !notPatched.has(name.toLowerCase()))
    .flatMap((name) => {
      const separator = name.toLowerCase().startsWith('urn:') ? ':' : '.';
      return diffAttribute(name, separator, member(before, name), member(after, name));
    });
  return [...operations.filter(({ op }) => op === 'remove'), ...operations.filter(({ op }) => op !== 'remove')];
}

/** The PATCH request that carries operations (RFC 7644 §3.5.2). */
export function patchRequest(operations: PatchOperation[]): PatchOp {
  return { schemas: [patchOpUrn], Operations: operations };
}

function diffAttribute(
  path: string,
  separator: ':' | '.',
  accepted: JsonValue | undefined,
  desired: JsonValue | undefined,
): PatchOperation[] {
  if (sameValue(accepted, desired)) return [];
  if (separator === ':') return diffMembers(path, separator, accepted, desired);
  if (desired === undefined) return [{ op: 'remove', path }];
  if (accepted === undefined) return [{ op: 'add', path, value: desired }];
  if (Array.isArray(accepted) && Array.isArray(desired)) return diffValues(path, accepted, desired);
  if (isObject(accepted) && isObject(desired) && !isReference(accepted, desired)) {
    return diffMembers(path, separator, accepted, desired);
  }
  return [{ op: 'replace', path, value: desired }];
}

function diffMembers(
  path: string,
  separator: ':' | '.',
  accepted: JsonValue | undefined,
  desired: JsonValue | undefined,
): PatchOperation[] {
  const [before, after] = [isObject(accepted) ? accepted : {}, isObject(desired) ? desired : {}];
  return attributeNames(before, after).flatMap((name) =>
    diffAttribute(`${path}${separator}${name}`, '.', member(before, name), member(after, name)),
  );
}

/** `manager` and its like are nothing but a reference: many service providers know only the whole attribute. */
function isReference(accepted: JsonObject, desired: JsonObject): boolean {
  return attributeNames(accepted, desired).every((name) => name.toLowerCase() === 'value');
}

/** Strict service providers refuse the text "False" for false (RFC 7643 §2.3.2). */
function withBooleanActive(resource: ScimResource): JsonObject {
  const key = keyOf(resource, 'active');
  const active = key === undefined ? undefined : resource[key];
  if (key === undefined || typeof active !== 'string') return resource;
  return { ...resource, [key]: active.toLowerCase() === 'true' };
}

/** The names of both objects, each once without regard to case, in the spelling of the desired one. */
function attributeNames(accepted: JsonObject, desired: JsonObject): string[] {
  return [...Object.keys(desired), ...Object.keys(accepted).filter((name) => keyOf(desired, name) === undefined)];
}
