import { isObject, parsePath, type AttributePath, type JsonObject, type JsonValue } from '@autoprov/scim';

/**
 * Parses a place that a mapping row may write: `userName`, `name.givenName`, `emails[type eq "work"].value` or
 * `urn:…:User:department`.
 *
 * @returns undefined when the text is no such place
 */
export function parseTargetPath(text: string): AttributePath | undefined {
  try {
    const path = parsePath(text);
    return path.type !== undefined && path.subAttribute === undefined ? undefined : path;
  } catch {
    return undefined;
  }
}

/** Writes a value at a place, making the objects on the way. Elements of one type are one element. */
export function writeTarget(resource: JsonObject, path: AttributePath, value: JsonValue): void {
  const home = path.urn === undefined ? resource : childObject(resource, path.urn);
  if (path.type !== undefined) elementOf(home, path.attribute, path.type)[path.subAttribute!] = value;
  else if (path.subAttribute !== undefined) childObject(home, path.attribute)[path.subAttribute] = value;
  else home[path.attribute] = value;
}

/** The value at a place; undefined when there is none. */
export function readTarget(resource: JsonObject, path: AttributePath): JsonValue | undefined {
  const home = path.urn === undefined ? resource : resource[path.urn];
  if (!isObject(home)) return undefined;
  const value = home[path.attribute];
  if (path.type !== undefined) {
    const element = Array.isArray(value) && value.filter(isObject).find((e) => e['type'] === path.type);
    return element ? element[path.subAttribute!] : undefined;
  }
  if (path.subAttribute === undefined) return value;
  return isObject(value) ? value[path.subAttribute] : undefined;
}

function childObject(parent: JsonObject, key: string): JsonObject {
  const found = parent[key];
  if (isObject(found)) return found;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

function elementOf(home: JsonObject, attribute: string, type: string): JsonObject {
  const found = home[attribute];
  const list: JsonValue[] = Array.isArray(found) ? found : [];
  home[attribute] = list;
  const element = list.filter(isObject).find((e) => e['type'] === type);
  if (element) return element;
  const made: JsonObject = { type };
  list.push(made);
  return made;
}

/** The value at a path given as text; undefined when there is none, or the text is no path. */
export function readPath(resource: JsonObject, text: string): JsonValue | undefined {
  const path = parseTargetPath(text);
  return path && readTarget(resource, path);
}
