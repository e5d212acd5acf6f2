import { isObject, isUnassigned, parsePath, type AttributePath, type JsonObject, type JsonValue } from '@autoprov/scim';

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

/**
 * Writes a value at a place, making the objects on the way. A list at a place within a multi-valued attribute makes one
 * element for each item: `emails[type eq "other"].value` of two addresses is two elements. Places of one type share their
 * elements, item by item.
 */
export function writeTarget(resource: JsonObject, path: AttributePath, value: JsonValue): void {
  const home = path.urn === undefined ? resource : childObject(resource, path.urn);
  const { attribute, type, subAttribute } = path;
  if (subAttribute === undefined) home[attribute] = value;
  else if (type === undefined && !Array.isArray(value)) childObject(home, attribute)[subAttribute] = value;
  else {
    const items = Array.isArray(value) ? value : [value];
    const elements = elementsOf(home, attribute, type, items.length);
    items.forEach((item, i) => {
      const own = itemValue(item, subAttribute);
      if (!isUnassigned(own)) elements[i]![subAttribute] = own!;
    });
  }
}

/** The value at a place, a list where several elements have one; undefined when there is none. */
export function readTarget(resource: JsonObject, path: AttributePath): JsonValue | undefined {
  const home = path.urn === undefined ? resource : resource[path.urn];
  if (!isObject(home)) return undefined;
  const value = home[path.attribute];
  const { type, subAttribute } = path;
  if (subAttribute === undefined) return value;
  if (!Array.isArray(value)) return type === undefined && isObject(value) ? value[subAttribute] : undefined;
  // Null keeps the place of an element without one, so that places of one type stay together.
  const values = value.filter((element) => hasType(element, type)).map((element) => element[subAttribute] ?? null);
  if (values.every((item) => item === null)) return undefined;
  return values.length === 1 && type !== undefined ? values[0]! : values;
}

/** Of an item that is an object, the part that is meant: items of a custom field are `{value, type}`. */
function itemValue(item: JsonValue, subAttribute: string): JsonValue | undefined {
  if (!isObject(item)) return item;
  return Object.hasOwn(item, subAttribute) ? item[subAttribute] : undefined;
}

function childObject(parent: JsonObject, key: string): JsonObject {
  const found = parent[key];
  if (isObject(found)) return found;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** The first elements of a type, or without one; those that are missing are made. */
function elementsOf(home: JsonObject, attribute: string, type: string | undefined, count: number): JsonObject[] {
  const found = home[attribute];
  const list: JsonValue[] = Array.isArray(found) ? found : [];
  home[attribute] = list;
  const elements = list.filter((element) => hasType(element, type));
  while (elements.length < count) {
    const made: JsonObject = type === undefined ? {} : { type };
    list.push(made);
    elements.push(made);
  }
  return elements;
}

function hasType(element: JsonValue, type: string | undefined): element is JsonObject {
  return isObject(element) && element['type'] === type;
}

/** The value at a path given as text; undefined when there is none, or the text is no path. */
export function readPath(resource: JsonObject, text: string): JsonValue | undefined {
  const path = parseTargetPath(text);
  return path && readTarget(resource, path);
}
