import { descriptorSet } from '@autoprov/proto';
import {
  createFileRegistry,
  fromBinary,
  fromJson,
  type DescField,
  type DescMessage,
  type JsonValue,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** What is wrong with a value of a file. */
export type Mistake = { path: (string | number)[]; message: string };

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
const setupType = registry.getMessage('autoprov.config.v1.ProvisioningSetup')!;
const defaultsType = registry.getMessage('autoprov.config.v1.SetupDefaults')!;
const outputOnly = new Set(['name', 'etag', 'revision', 'templateVersion', 'createTime', 'updateTime']);

/** Every mistake in a setup that is written by canonical JSON names; empty: it can be sent. */
export function checkSetup(setup: Record<string, unknown>, path: Mistake['path']): Mistake[] {
  const mistakes = Object.keys(setup)
    .filter((key) => outputOnly.has(key))
    .map((key) => ({ path: [...path, key], message: 'is set by the service: remove it' }));
  return mistakes.length > 0 ? mistakes : checkMessage(setupType, setup, path);
}

/** Every mistake in a customer's defaults, as above. */
export function checkSetupDefaults(defaults: Record<string, unknown>, path: Mistake['path']): Mistake[] {
  return checkMessage(defaultsType, defaults, path);
}

function checkMessage(type: DescMessage, value: unknown, path: Mistake['path']): Mistake[] {
  if (!isMapping(value)) return [{ path, message: 'must be a mapping of names to values' }];
  const mistakes = Object.entries(value).flatMap(([key, child]) => checkField(type, key, child, [...path, key]));
  // What concerns several fields at once, for example two of a oneof.
  return mistakes.length > 0 ? mistakes : checkJson(type, value, path);
}

function checkField(type: DescMessage, key: string, value: unknown, path: Mistake['path']): Mistake[] {
  const field = type.fields.find(({ jsonName }) => jsonName === key);
  if (!field) {
    const known = type.fields.map(({ jsonName }) => jsonName).filter((name) => !outputOnly.has(name));
    return [{ path, message: `is unknown here: use one of ${known.join(', ')}` }];
  }
  const message = ownMessageOf(field);
  if (message && field.fieldKind === 'message') return checkMessage(message, value, path);
  if (message && Array.isArray(value)) return value.flatMap((item, i) => checkMessage(message, item, [...path, i]));
  return checkJson(type, { [key]: value }, path);
}

/** The message in a field or a list, unless it is one of Google's, whose JSON is no mapping of its fields. */
function ownMessageOf(field: DescField): DescMessage | undefined {
  const message = field.fieldKind === 'message' || field.fieldKind === 'list' ? field.message : undefined;
  return message?.typeName.startsWith('autoprov.') ? message : undefined;
}

function checkJson(type: DescMessage, value: Record<string, unknown>, path: Mistake['path']): Mistake[] {
  try {
    fromJson(type, value as Record<string, JsonValue>, { registry });
    return [];
  } catch (err) {
    return [{ path, message: (err as Error).message.replace(/^cannot decode .* from JSON: /, '') }];
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
