import { createFileRegistry, fromBinary, fromJson, ScalarType, toBinary } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { rpcErrorOf, type RpcFailure } from '@autoprov/grpc';
import {
  ConfigServiceService,
  descriptorSet,
  DirectoryServiceService,
  FailureServiceService,
  PushServiceService,
  TokenBrokerServiceService,
} from '@autoprov/proto';
import type { NetworkClients } from '@autoprov/testing';

/** A method of one of our services, as its descriptor tells it. */
export type Method = {
  /** As `autoprov.config.v1.ConfigService/GetApp`. */
  path: string;
  name: string;
  /** Where the request says what it is for; undefined: nowhere. */
  target: Text | undefined;
  /** All other places of the request that hold text, at any depth. */
  others: Text[];
  /** Makes a call and tells how it ended. */
  call(clients: NetworkClients, request: JsonObject, metadata: Record<string, string>): Promise<Ended>;
};

/** A place in a request that holds text, by its path in JSON names, and the request that holds just that. */
export type Text = {
  path: string;
  /** The full name of the field that ends the path. */
  field: string;
  holding: (text: string) => JsonObject;
};

/** How a call ended. */
export type Ended = { answer?: unknown; failure?: RpcFailure };

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
type Definition = Record<string, { requestDeserialize(bytes: Buffer): unknown }>;
const services: Record<string, { client: keyof NetworkClients; definition: Definition }> = {
  ConfigService: { client: 'config', definition: ConfigServiceService },
  TokenBrokerService: { client: 'tokenBroker', definition: TokenBrokerServiceService },
  DirectoryService: { client: 'directory', definition: DirectoryServiceService },
  PushService: { client: 'push', definition: PushServiceService },
  FailureService: { client: 'failures', definition: FailureServiceService },
};
type Call = (request: unknown, options: object) => Promise<unknown> | AsyncIterable<unknown>;
/** They hold no text of ours. */
const closedMessages = ['Timestamp', 'Duration', 'FieldMask'].map((name) => `google.protobuf.${name}`);
const MAX_DEPTH = 6;
const TIMEOUT_MS = 20_000;

/** Every method of every service in the contracts. */
export function everyMethod(): Method[] {
  return [...registry]
    .filter((type) => type.kind === 'service')
    .filter(({ typeName }) => typeName.startsWith('autoprov.'))
    .flatMap(({ methods }) => methods.map((method) => describe(method)));
}

/**
 * The full names of all fields with text that a request of any method can hold, found another way than the places of a
 * method: by the types of messages, each looked at once.
 */
export function everyTextField(): string[] {
  const inputs = [...registry]
    .flatMap((type) => (type.kind === 'service' ? type.methods : []))
    .map(({ input }) => input);
  const messages = new Set(inputs.filter(({ typeName }) => typeName.startsWith('autoprov.')));
  const found = new Set<string>();
  // A set that grows is walked to its end.
  for (const { fields } of messages) {
    for (const field of fields) {
      const { message, scalar } = field;
      const hasTextKey = field.fieldKind === 'map' && field.mapKey === ScalarType.STRING && scalar !== undefined;
      const isFree = ['google.protobuf.Value', 'google.protobuf.Struct'].includes(message?.typeName ?? '');
      if (scalar === ScalarType.STRING || hasTextKey || isFree) found.add(fullNameOf(field));
      else if (message && !closedMessages.includes(message.typeName)) messages.add(message);
    }
  }
  return [...found];
}

function fullNameOf(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

function describe(method: DescMethod): Method {
  const texts = [...listTexts(method.input, 0)];
  const target = findTarget(method.input, texts);
  return {
    path: `${method.parent.typeName}/${method.name}`,
    name: method.name,
    target,
    others: texts.filter((text) => text !== target),
    call: (clients, request, metadata) => callMethod(method, clients, request, metadata),
  };
}

function findTarget(input: DescMessage, texts: Text[]): Text | undefined {
  const names = ['name', 'parent', 'app', 'customer'];
  const isUpdate = input.fields.some((field) => field.name === 'update_mask');
  return (
    names.map((name) => texts.find(({ path }) => path === name)).find((text) => text !== undefined) ??
    (isUpdate ? texts.find(({ path }) => /^\w+\.name$/.test(path)) : undefined)
  );
}

function* listTexts(message: DescMessage, depth: number): Generator<Text> {
  if (depth > MAX_DEPTH) return;
  for (const field of message.fields) yield* listTextsOf(field, depth);
}

function* listTextsOf(field: DescField, depth: number): Generator<Text> {
  const name = field.jsonName;
  const at = (suffix: string, wrap: (text: string) => JsonValue): Text => ({
    path: `${name}${suffix}`,
    field: fullNameOf(field),
    holding: (text) => ({ [name]: wrap(text) }),
  });
  const within = function* (
    inner: DescMessage | undefined,
    suffix: string,
    wrap: (value: JsonValue) => JsonValue,
  ): Generator<Text> {
    if (!inner || closedMessages.includes(inner.typeName)) return;
    if (inner.typeName === 'google.protobuf.Value') return yield at(suffix, wrap);
    if (inner.typeName === 'google.protobuf.Struct') {
      yield at(`${suffix}.key`, (text) => wrap({ [text]: 1 }));
      return yield at(`${suffix}.value`, (text) => wrap({ list: [text] }));
    }
    for (const text of listTexts(inner, depth + 1)) {
      yield { ...at(`${suffix}.${text.path}`, (value) => wrap(text.holding(value))), field: text.field };
    }
  };
  switch (field.fieldKind) {
    case 'scalar':
      if (field.scalar === ScalarType.STRING) yield at('', (text) => text);
      return;
    case 'message':
      return yield* within(field.message, '', (value) => value);
    case 'list':
      if (field.scalar === ScalarType.STRING) yield at('[]', (text) => [text]);
      return yield* within(field.message, '[]', (value) => [value]);
    case 'map':
      if (field.mapKey === ScalarType.STRING && field.scalar !== undefined) {
        const value = field.scalar === ScalarType.STRING ? '' : 0;
        yield at('.key', (text) => ({ [text]: value }));
      }
      if (field.scalar === ScalarType.STRING) yield at('.value', (text) => ({ key: text }));
      return yield* within(field.message, '.value', (value) => ({ key: value }));
    case 'enum':
  }
}

async function callMethod(
  { input, parent, localName }: DescMethod,
  clients: NetworkClients,
  request: JsonObject,
  metadata: Record<string, string>,
): Promise<Ended> {
  const service = services[parent.name];
  if (!service) throw new Error(`${parent.typeName} is a new service: add it to NetworkClients and to this file`);
  const client = clients[service.client] as unknown as Record<string, Call>;
  const bytes = toBinary(input, fromJson(input, withValidateOnly(input, request)));
  const decoded = service.definition[localName]!.requestDeserialize(Buffer.from(bytes));
  try {
    const ended = client[localName]!(decoded, { timeoutMs: TIMEOUT_MS, metadata });
    if (!(Symbol.asyncIterator in ended)) return { answer: await ended };
    const answer: unknown[] = [];
    for await (const part of ended) answer.push(part);
    return { answer };
  } catch (err) {
    return { failure: rpcErrorOf(err) };
  }
}

/** What is let through need not be done. */
function withValidateOnly(input: DescMessage, request: JsonObject): JsonObject {
  return input.fields.some(({ name }) => name === 'validate_only') ? { ...request, validateOnly: true } : request;
}

/** Two requests in one; the texts of the second one win. */
export function mergeJson(first: JsonObject, second: JsonObject): JsonObject {
  const merged = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? mergeJson(before, value) : value;
  }
  return merged;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
