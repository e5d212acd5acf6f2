import { once } from 'node:events';
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, ServiceDefinition } from '@grpc/grpc-js';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { runCall } from './run-call.ts';
import type { CallRules, ServedMethod } from './run-call.ts';
import type { Service } from './service.ts';

/** Messages are no larger than this, in either direction: larger things are paged. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** How long calls may last at most. */
export const MAX_UNARY_MS = 60_000;
export const MAX_STREAM_MS = 600_000;

/** A service as grpc-js takes it, with bytes for messages. */
export type BytesService = { definition: ServiceDefinition; implementation: UntypedServiceImplementation };

/** Turns a service of async functions into what grpc-js takes. */
export function wrapService({ definition, handlers, allow, roles = {} }: Service, rules: CallRules): BytesService {
  const bytesDefinition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = handlers[name];
    if (!handler) throw new Error(`${method.path} has no handler: give one to defineService`);
    const served: ServedMethod = {
      path: method.path,
      allowed: (Array.isArray(allow) ? allow : (allow as Record<string, string[]>)[name]) ?? [],
      role: roles[name],
      maxMs: method.responseStream ? MAX_STREAM_MS : MAX_UNARY_MS,
      decode: method.requestDeserialize,
      encode: method.responseSerialize,
      handler,
    };
    // Decoded and encoded in runCall, so that a malformed message is an error like any other: typed, logged and counted.
    bytesDefinition[name] = { ...method, requestDeserialize: asIs, responseSerialize: asIs };
    implementation[name] = method.responseStream
      ? (call: ServerWritableStream<Buffer, Buffer>) => void serveStream(served, rules, call)
      : (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
          void serveUnary(served, rules, call, callback);
  }
  return { definition: bytesDefinition, implementation };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

async function serveUnary(
  method: ServedMethod,
  rules: CallRules,
  call: ServerUnaryCall<Buffer, Buffer>,
  callback: sendUnaryData<Buffer>,
): Promise<void> {
  const ended = await runCall(method, rules, call, async (request, context) =>
    encodeResponse(method, await method.handler(request, context)),
  );
  if ('error' in ended) callback(ended.error);
  else callback(null, ended.value);
}

async function serveStream(
  method: ServedMethod,
  rules: CallRules,
  call: ServerWritableStream<Buffer, Buffer>,
): Promise<void> {
  const ended = await runCall(method, rules, call, async (request, context) => {
    for await (const response of method.handler(request, context) as AsyncIterable<unknown>) {
      context.signal.throwIfAborted();
      // Backpressure: the generator goes on when the client has taken what was sent.
      if (!call.write(encodeResponse(method, response))) await once(call, 'drain', { signal: context.signal });
    }
  });
  if ('error' in ended) call.emit('error', ended.error);
  else call.end();
}

function encodeResponse({ path, encode }: ServedMethod, response: unknown): Buffer {
  const bytes = encode(response as never);
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes;
  throw new Error(`a response of ${path} has ${bytes.length} bytes: page it, at most ${MAX_MESSAGE_BYTES} can be sent`);
}
