import { isObject, type Json, type JsonObject } from './json.ts';

/** A place in a SCIM user (RFC 7644 §3.10), of the forms that a mapping may write. */
export type TargetPath = {
  text: string;
  /** The extension's URN; absent: the core schema. */
  schema?: string;
  attribute: string;
  /** Of a multi-valued attribute: the element's `type`. */
  elementType?: string;
  subAttribute?: string;
};

const pathForm = /^(?:(urn:[\w.:-]+:\w+):)?([A-Za-z$][\w$-]*)(?:\[type eq "([^"\\]+)"\])?(?:\.([A-Za-z$][\w$-]*))?$/;

/**
 * Parses `userName`, `name.givenName`, `emails[type eq "work"].value` or `urn:…:User:department`.
 *
 * @returns undefined when the text is no such path
 */
export function parseTargetPath(text: string): TargetPath | undefined {
  const match = pathForm.exec(text);
  if (!match) return undefined;
  const [, schema, attribute, elementType, subAttribute] = match;
  if (elementType !== undefined && subAttribute === undefined) return undefined;
  return {
    text,
    attribute: attribute!,
    ...(schema !== undefined && { schema }),
    ...(elementType !== undefined && { elementType }),
    ...(subAttribute !== undefined && { subAttribute }),
  };
}

/** Writes a value at a place, making the objects on the way. Elements of one type are one element. */
export function writeTarget(resource: JsonObject, path: TargetPath, value: Json): void {
  const home = path.schema === undefined ? resource : childObject(resource, path.schema);
  if (path.elementType !== undefined) elementOf(home, path.attribute, path.elementType)[path.subAttribute!] = value;
  else if (path.subAttribute !== undefined) childObject(home, path.attribute)[path.subAttribute] = value;
  else home[path.attribute] = value;
}

/** The value at a place; undefined when there is none. */
export function readTarget(resource: JsonObject, path: TargetPath): Json | undefined {
  const home = path.schema === undefined ? resource : resource[path.schema];
  if (!isObject(home)) return undefined;
  const value = home[path.attribute];
  if (path.elementType !== undefined) {
    const element = Array.isArray(value) && value.filter(isObject).find((e) => e['type'] === path.elementType);
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
  const list: Json[] = Array.isArray(found) ? found : [];
  home[attribute] = list;
  const element = list.filter(isObject).find((e) => e['type'] === type);
  if (element) return element;
  const made: JsonObject = { type };
  list.push(made);
  return made;
}
