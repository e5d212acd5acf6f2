import {
  createFileRegistry,
  fromBinary,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSet } from './descriptors.ts';

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = { [keyword: string]: unknown };

/** Messages of Google's whose canonical JSON is not the mapping of their fields (protobuf.dev, "ProtoJSON format"). */
const wellKnown = new Map<string, JsonSchema>([
  ['google.protobuf.Duration', { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' }],
  ['google.protobuf.Timestamp', { type: 'string', format: 'date-time' }],
  ['google.protobuf.FieldMask', { type: 'string' }],
  ['google.protobuf.Struct', { type: 'object' }],
  ['google.protobuf.Value', {}],
]);

/**
 * The JSON Schema of a message in canonical proto3 JSON, for editors: as strict as `fromCanonicalJson`, which has the last
 * word. Throws when the contracts have no such message.
 *
 * @param typeName the message's full name, for example `autoprov.config.v1.Template`
 */
export function jsonSchemaOf(typeName: string): JsonSchema {
  return schemaOf(typeName, { open: false });
}

/**
 * The JSON Schema of a message of a public topic: what a consumer may rely on. Later versions may add fields and names of
 * enums, so those are let through. Throws when the contracts have no such message, or it has no such field.
 *
 * @param typeName the message's full name, for example `autoprov.event.v1.Failure`
 * @param required what every message holds, by names in JSON: a list, since messages of before a field was added lack it
 */
export function publicJsonSchemaOf(typeName: string, required: readonly string[]): JsonSchema {
  const { $defs, ...root } = schemaOf(typeName, { open: true });
  const { properties, ...message } = $defs[typeName]! as { properties: JsonSchema };
  const unknown = required.filter((name) => !(name in properties));
  if (unknown.length > 0) throw new Error(`${typeName} has no ${unknown.join(', ')}: correct what is required of it`);
  const defs = { ...$defs, [typeName]: { ...message, properties, required } };
  return { $id: `https://autoprov.dev/schemas/${typeName}.json`, ...root, $defs: defs };
}

type Definitions = { open: boolean; byType: Record<string, JsonSchema> };

function schemaOf(typeName: string, { open }: { open: boolean }): JsonSchema & { $defs: Record<string, JsonSchema> } {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const message = registry.getMessage(typeName);
  if (!message) throw new Error(`no message ${typeName} in descriptors.binpb: run "npm run generate"`);
  const definitions: Definitions = { open, byType: {} };
  const root = schemaOfMessage(message, definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: typeName,
    ...root,
    $defs: definitions.byType,
  };
}

function schemaOfMessage(message: DescMessage, definitions: Definitions): JsonSchema {
  const known = wellKnown.get(message.typeName);
  if (known) return known;
  const { open, byType } = definitions;
  if (!(message.typeName in byType)) {
    const properties: Record<string, JsonSchema> = {};
    byType[message.typeName] = { type: 'object', properties, ...(!open && { additionalProperties: false }) };
    for (const field of message.fields) properties[field.jsonName] = schemaOfField(field, definitions);
  }
  return { $ref: `#/$defs/${message.typeName}` };
}

function schemaOfField(field: DescField, definitions: Definitions): JsonSchema {
  const one = schemaOfValue(field, definitions);
  if (field.fieldKind === 'list') return { type: 'array', items: one };
  return field.fieldKind === 'map' ? { type: 'object', additionalProperties: one } : one;
}

/** The schema of a field's value, or of one of its values. */
function schemaOfValue(field: DescField, definitions: Definitions): JsonSchema {
  if (field.message) return schemaOfMessage(field.message, definitions);
  if (field.enum) return schemaOfEnum(field.enum, definitions);
  return schemaOfScalar(field.scalar ?? ScalarType.STRING);
}

function schemaOfEnum({ values }: DescEnum, { open }: Definitions): JsonSchema {
  const known = { enum: values.map(({ name }) => name) };
  return open ? { anyOf: [known, { type: 'string' }] } : known;
}

function schemaOfScalar(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return { type: 'string', pattern: '^-?[0-9]+$' };
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.SINT32:
      return { type: 'integer' };
  }
}
