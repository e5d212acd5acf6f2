import { isObject, member } from './json.ts';
import { readList } from './list.ts';
import type { JsonObject, JsonValue } from './resource.ts';
import { commonAttributes } from './rfc-attributes.ts';
import {
  attributeTypes,
  mutabilities,
  schemaAttribute,
  uniquenesses,
  type SchemaAttribute,
} from './schema-attribute.ts';

/** More than any service provider has; a hostile answer ends here. */
const maxSchemas = 100;
const maxAttributes = 2_000;
const maxCanonicalValues = 200;
const maxTextChars = 500;

const attributeName = /^[A-Za-z$][\w$-]{0,99}$/;
const schemaUrn = /^urn:[\w.:-]{1,200}$/i;

/**
 * The attributes of a service provider's users, flat, parents before their parts, from its answers to /Schemas and
 * /ResourceTypes (RFC 7644 §4, RFC 7643 §6 and §7). Tolerates what is seen in the wild: a list, a bare array or one object;
 * names in any case; booleans as text; no resource types; the schemas of SCIM 1.1. Never throws.
 *
 * @param resourceTypes undefined: the service provider has none
 * @returns undefined when there is no schema of a user; 'unreadable' when the answer is no schema at all
 */
export function readUserAttributes(
  schemas: JsonValue | undefined,
  resourceTypes: JsonValue | undefined,
): SchemaAttribute[] | undefined | 'unreadable' {
  const known = objectsOf(schemas)?.filter((schema) => attributesOf(schema) !== undefined);
  // An empty list is an answer; objects that are no schemas are not.
  if (known === undefined || (known.length === 0 && (objectsOf(schemas) ?? []).length > 0)) return 'unreadable';
  const parts = userSchemas(known.slice(0, maxSchemas), objectsOf(resourceTypes) ?? []);
  const found = parts.flatMap(({ schema, prefix }) =>
    (attributesOf(schema) ?? []).flatMap((it) => flatten(it, prefix)),
  );
  if (!found.some(({ path }) => path.toLowerCase() === 'username')) return undefined;
  return withoutTwins([...commonAttributes, ...found]).slice(0, maxAttributes);
}

function objectsOf(body: JsonValue | undefined): JsonObject[] | undefined {
  const list = readList(body)?.resources;
  if (list !== undefined) return list;
  if (!isObject(body)) return undefined;
  // Some wrap the list in a member of its own name.
  const wrapped = member(body, 'schemas');
  if (Array.isArray(wrapped) && wrapped.some(isObject)) return wrapped.filter(isObject);
  return [body];
}

function attributesOf(schema: JsonObject): JsonObject[] | undefined {
  const attributes = member(schema, 'attributes');
  return Array.isArray(attributes) ? attributes.filter(isObject) : undefined;
}

/** The schemas that make up a user; the paths of an extension begin with its URN. */
function userSchemas(schemas: JsonObject[], resourceTypes: JsonObject[]): { schema: JsonObject; prefix: string }[] {
  const type = resourceTypes.find(isUserType);
  const coreUrn = type === undefined ? undefined : textOf(type, 'schema')?.toLowerCase();
  const core = schemas.find((it) => urnOf(it) === coreUrn) ?? schemas.find(isUserSchema);
  if (core === undefined) return [];
  const named = type === undefined ? undefined : extensionUrns(type);
  const extensions = schemas.filter(
    (it) => it !== core && schemaUrn.test(urnOf(it)) && (named ? named.has(urnOf(it)) : isUserExtension(it)),
  );
  return [
    { schema: core, prefix: '' },
    ...extensions.map((schema) => ({ schema, prefix: `${textOf(schema, 'id') ?? ''}:` })),
  ];
}

function isUserType(type: JsonObject): boolean {
  const names = [textOf(type, 'id'), textOf(type, 'name'), textOf(type, 'endpoint')?.replace(/^.*\//, '')];
  return names.some((name) => /^users?$/i.test(name ?? ''));
}

function extensionUrns(type: JsonObject): Set<string> {
  const extensions = member(type, 'schemaExtensions');
  const urns = Array.isArray(extensions) ? extensions.filter(isObject).map((it) => textOf(it, 'schema')) : [];
  return new Set(urns.map((urn) => urn?.toLowerCase() ?? ''));
}

function urnOf(schema: JsonObject): string {
  return textOf(schema, 'id')?.toLowerCase() ?? '';
}

/** SCIM 1.1 calls it `urn:scim:schemas:core:1.0`, some with `:User` at the end, and names it User. */
function isUserSchema(schema: JsonObject): boolean {
  const urn = urnOf(schema);
  if (urn.includes(':extension:')) return false;
  return urn.endsWith(':user') || (/^users?$/i.test(textOf(schema, 'name') ?? '') && !urn.endsWith(':group'));
}

function isUserExtension(schema: JsonObject): boolean {
  const urn = urnOf(schema);
  return urn.includes(':extension:') && !urn.endsWith(':group');
}

function flatten(attribute: JsonObject, prefix: string): SchemaAttribute[] {
  const name = textOf(attribute, 'name') ?? '';
  // SCIM 1.1 puts an extension's attributes into the one schema, each with the URN that it belongs to.
  const own = textOf(attribute, 'schema');
  const start = prefix === '' && own?.includes(':extension:') && schemaUrn.test(own) ? `${own}:` : prefix;
  if (!attributeName.test(name)) return [];
  const subAttributes = member(attribute, 'subAttributes');
  const parts = Array.isArray(subAttributes) ? subAttributes.filter(isObject) : [];
  const parent = toAttribute(`${start}${name}`, attribute, parts.length > 0);
  return [
    parent,
    ...parts.flatMap((part) => {
      const partName = textOf(part, 'name') ?? '';
      return attributeName.test(partName) ? [toAttribute(`${parent.path}.${partName}`, part, false)] : [];
    }),
  ];
}

function toAttribute(path: string, given: JsonObject, hasParts: boolean): SchemaAttribute {
  const isReadOnly = isTrue(member(given, 'readOnly'));
  return schemaAttribute(path, {
    type: hasParts ? 'complex' : (oneOf(attributeTypes, member(given, 'type')) ?? 'string'),
    multiValued: isTrue(member(given, 'multiValued')),
    required: isTrue(member(given, 'required')),
    mutability: oneOf(mutabilities, member(given, 'mutability')) ?? (isReadOnly ? 'readOnly' : 'readWrite'),
    uniqueness: oneOf(uniquenesses, member(given, 'uniqueness')) ?? 'none',
    canonicalValues: canonicalValuesOf(given),
    description: (textOf(given, 'description') ?? '').slice(0, maxTextChars),
  });
}

function canonicalValuesOf(given: JsonObject): string[] {
  const values = member(given, 'canonicalValues');
  if (!Array.isArray(values)) return [];
  const texts = values.map((value) => (isObject(value) ? member(value, 'value') : value));
  return texts
    .filter((it) => typeof it === 'string' && it !== '' && it.length <= maxTextChars)
    .slice(0, maxCanonicalValues) as string[];
}

function oneOf<Name extends string>(names: readonly Name[], value: JsonValue | undefined): Name | undefined {
  return typeof value === 'string' ? names.find((name) => name.toLowerCase() === value.toLowerCase()) : undefined;
}

function isTrue(value: JsonValue | undefined): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

function textOf(object: JsonObject, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The service provider's own word about an attribute holds before ours; what it says twice holds once. */
function withoutTwins(attributes: SchemaAttribute[]): SchemaAttribute[] {
  const byPath = new Map<string, SchemaAttribute>();
  const ours = new Set(commonAttributes);
  for (const attribute of attributes) {
    const key = attribute.path.toLowerCase();
    const before = byPath.get(key);
    if (before === undefined || ours.has(before)) byPath.set(key, attribute);
  }
  return [...byPath.values()];
}
