import { managedPart, readPath } from '@autoprov/mapping';
import { MappingRow_Apply, MappingRow_OnNull, type MappingRow } from '@autoprov/proto';
import { diffUser, member, showsState, type JsonObject, type JsonValue, type ScimUser } from '@autoprov/scim';

/** An attribute that is not as accepted last: `title`, `emails`, or `urn:…:User:department`. */
export type Drift = { attribute: string; accepted?: JsonValue; found?: JsonValue };

/**
 * What of an account others have changed: of the attributes that the mapping keeps as they are mapped, and `active`. What a
 * service provider writes in another letter case, or adds beside, is no drift.
 *
 * @param accepted the resource last accepted
 * @param resource the account as the service provider shows it
 */
export function findDrift(rows: readonly MappingRow[], accepted: ScimUser, resource: JsonObject): Drift[] {
  const kept = rows.filter((row) => isKept(row, accepted as JsonObject));
  const wanted = managedPart(kept, accepted as JsonObject);
  const found = managedPart(kept, resource);
  // Who does not show it has not changed it.
  if (found['active'] === undefined) delete wanted['active'];
  const names = new Map<string, Place>();
  for (const { op, path } of diffUser(found, wanted)) {
    const place = placeOf(path ?? '', found, wanted);
    const isShown = op !== 'remove' && showsState(found, only(place, wanted));
    if (!isShown) names.set(nameOf(place), place);
  }
  return [...names].map(([attribute, place]) => {
    const [before, now] = [valueAt(wanted, place), valueAt(found, place)];
    return { attribute, ...(before !== undefined && { accepted: before }), ...(now !== undefined && { found: now }) };
  });
}

/** What was accepted last, but for some attributes, which are as they were found. */
export function withFound(accepted: ScimUser, drifts: readonly Drift[]): ScimUser {
  const result = structuredClone(accepted) as JsonObject;
  for (const { attribute, found } of drifts) {
    const { extension, name } = splitName(attribute);
    const value = attribute === 'active' ? isTrue(found) : found;
    const holder = extension === undefined ? result : ((result[extension] ??= {}) as JsonObject);
    if (value === undefined) delete holder[name];
    else holder[name] = value;
    if (extension !== undefined && Object.keys(holder).length === 0) delete result[extension];
  }
  return result as ScimUser;
}

/** Where the last part of an extension's attribute begins: extensions are named by URNs (RFC 7643 §3.3). */
type Place = { extension?: string; name: string };

/** On create only, or kept while the directory has no value: others may change it. */
function isKept({ target, apply, onNull }: MappingRow, accepted: JsonObject): boolean {
  if (apply === MappingRow_Apply.APPLY_ON_CREATE) return false;
  return onNull !== MappingRow_OnNull.ON_NULL_KEEP || readPath(accepted, target) !== undefined;
}

/** Some service providers answer "True" for true. */
function isTrue(value: JsonValue | undefined): boolean {
  return typeof value === 'string' ? value.toLowerCase() === 'true' : value === true;
}

function placeOf(path: string, ...parts: JsonObject[]): Place {
  const extension = parts.flatMap(Object.keys).find((key) => key.startsWith('urn:') && path.startsWith(`${key}:`));
  const rest = extension === undefined ? path : path.slice(extension.length + 1);
  const name = rest.split(/[.[]/)[0]!;
  return extension === undefined ? { name } : { extension, name };
}

function splitName(attribute: string): Place {
  const at = attribute.startsWith('urn:') ? attribute.lastIndexOf(':') : -1;
  return at < 0 ? { name: attribute } : { extension: attribute.slice(0, at), name: attribute.slice(at + 1) };
}

function nameOf({ extension, name }: Place): string {
  return extension === undefined ? name : `${extension}:${name}`;
}

function valueAt(part: JsonObject, { extension, name }: Place): JsonValue | undefined {
  const holder = extension === undefined ? part : member(part, extension);
  return holder === undefined ? undefined : member(holder as JsonObject, name);
}

function only(place: Place, part: JsonObject): JsonObject {
  const value = valueAt(part, place);
  const one = value === undefined ? {} : { [place.name]: value };
  return place.extension === undefined ? one : { [place.extension]: one };
}
