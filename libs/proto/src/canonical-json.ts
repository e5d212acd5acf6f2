import {
  createFileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type DescMessage,
  type JsonObject,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { descriptorSet } from './descriptors.ts';

/** What ts-proto generates for a message, as far as JSON needs it. */
export type MessageCodec<T> = {
  encode(message: T): BinaryWriter;
  decode(bytes: Uint8Array | BinaryReader): T;
};

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));

function describe(typeName: string): DescMessage {
  const message = registry.getMessage(typeName);
  if (!message) throw new Error(`no message ${typeName} in descriptors.binpb: run "npm run generate"`);
  return message;
}

/**
 * Canonical proto3 JSON (protobuf.dev, "ProtoJSON format") with defaults present. ts-proto's own toJSON drops defaults
 * and is not canonical for Duration and FieldMask.
 *
 * @param typeName the message's full name, for example `autoprov.event.v1.Failure`
 */
export function toCanonicalJson<T>(typeName: string, codec: MessageCodec<T>, message: T): JsonObject {
  const type = describe(typeName);
  return toJson(type, fromBinary(type, codec.encode(message).finish()), {
    alwaysEmitImplicit: true,
    registry,
  }) as JsonObject;
}

/**
 * Reads canonical proto3 JSON strictly: a field that the message does not have, or a value of the wrong type, throws an
 * Error that names the field.
 *
 * @param options `ignoreUnknown`: skip fields and enum names that this version does not know, as a consumer of a topic
 * must; values of the wrong type still throw
 */
export function fromCanonicalJson<T>(
  typeName: string,
  codec: MessageCodec<T>,
  json: JsonObject,
  { ignoreUnknown = false } = {},
): T {
  const type = describe(typeName);
  return codec.decode(toBinary(type, fromJson(type, json, { registry, ignoreUnknownFields: ignoreUnknown })));
}
