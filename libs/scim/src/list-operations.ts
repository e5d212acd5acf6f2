import { diffUser } from './diff.ts';
import { member } from './json.ts';
import type { JsonObject, PatchOperation, ScimResource } from './resource.ts';

/**
 * The attributes whose operations mean something only on the values that the service provider really holds: an `add` to a
 * list that has the value already makes it twice, and a filter that finds nothing is an error (RFC 7644 §3.5.2). All other
 * operations may be sent again when it is not known whether they were done.
 *
 * @returns names of the resource's own members; a schema's URN for attributes of an extension
 */
export function listsIn(operations: readonly PatchOperation[]): string[] {
  const ofLists = operations.filter(
    (operation) => operation.path.includes('[') || (operation.op === 'add' && Array.isArray(operation.value)),
  );
  return [...new Set(ofLists.map(({ path }) => memberOf(path)))];
}

/** The operations with those on lists made anew for what the service provider shows now. */
export function rebaseLists(
  operations: readonly PatchOperation[],
  current: ScimResource,
  desired: ScimResource,
): PatchOperation[] {
  const lists = listsIn(operations);
  const others = operations.filter(({ path }) => !lists.includes(memberOf(path)));
  const all = [...others, ...diffUser(pick(current, lists), pick(desired, lists))];
  return [...all.filter(({ op }) => op === 'remove'), ...all.filter(({ op }) => op !== 'remove')];
}

function memberOf(path: string): string {
  if (path.toLowerCase().startsWith('urn:')) return path.slice(0, path.lastIndexOf(':'));
  return path.split(/[[.]/, 1)[0]!;
}

function pick(resource: ScimResource, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = member(resource, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
