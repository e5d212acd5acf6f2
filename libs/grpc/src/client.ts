import { Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, Client, ClientOptions, ServiceDefinition } from '@grpc/grpc-js';
import { REQUEST_ID_KEY, TRACEPARENT_KEY } from './call-context.ts';
import type { CallContext } from './call-context.ts';
import { CALLER_KEY } from './caller.ts';
import { channelOptions } from './channel-options.ts';
import { clientCredentials, isLoopback } from './tls.ts';
import type { TlsFiles } from './tls.ts';

/** How one call is made. */
export type CallOptions = {
  /** After which the call fails with DEADLINE_EXCEEDED. */
  timeoutMs: number;
  /** The call that this one is part of: hands on its deadline, cancellation, request id and trace. */
  parent?: CallContext;
  /** Cancels the call. */
  signal?: AbortSignal;
  /** Names the call in the logs; `parent`'s otherwise. */
  requestId?: string;
  /** Whatever else goes with the call, such as the `authorization` of the person it is made for. */
  metadata?: Readonly<Record<string, string>>;
};

/** The methods of a generated service definition as async functions, or async iterables where they stream. */
export type RpcClient<Definition> = {
  readonly [Name in keyof Definition]: ClientMethod<Definition[Name]>;
} & { close(): void };

type ClientMethod<Method> = Method extends {
  requestStream: false;
  responseStream: infer Streams;
  requestDeserialize: (bytes: Buffer) => infer Request;
  responseDeserialize: (bytes: Buffer) => infer Response;
}
  ? (request: Request, options: CallOptions) => Streams extends true ? AsyncIterable<Response> : Promise<Response>
  : never;

/** A generated client class, as `ConfigServiceClient`. */
export type ClientConstructor<Definition> = {
  new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>): Client;
  service: Definition;
};

/** Where a client connects to, and as whom. */
export type ClientConfig<Definition> = {
  /** host:port. */
  address: string;
  /** Without it, plaintext to a loopback address only. */
  tls?: TlsFiles | undefined;
  /** Who calls, where there is no certificate to tell it. */
  callerName?: string;
  /** The methods that may be sent twice; those named get…, list…, check… and batchGet… unless given. */
  idempotent?: readonly (keyof Definition & string)[];
};

type Method = ServiceDefinition[string];

/** How much earlier a call within a call ends, so that its caller can still answer. */
const PARENT_MARGIN_MS = 50;

/**
 * A client whose calls need a timeout. An idempotent call is sent up to four times while the service is UNAVAILABLE.
 * Calls reject with an error that `rpcErrorOf` reads. It connects at the first call, again when needed, until `close`.
 */
export function createClient<Definition extends ServiceDefinition>(
  constructor: ClientConstructor<Definition>,
  { address, tls, callerName, idempotent }: ClientConfig<Definition>,
): RpcClient<Definition> {
  const options = channelOptions(constructor.service, idempotent);
  // TLS knows no IP addresses as server names, and Node warns of them.
  if (isLoopback(address)) options['grpc.ssl_target_name_override'] = 'localhost';
  const client = new constructor(address, clientCredentials(address, tls), options);
  const methods = Object.entries(constructor.service).map(([name, method]) => {
    const call = method.responseStream ? callStream : callUnary;
    return [name, (request: unknown, how: CallOptions) => call(client, method, request, how, callerName)];
  });
  return { ...Object.fromEntries(methods), close: () => client.close() } as RpcClient<Definition>;
}

function callUnary(
  client: Client,
  method: Method,
  request: unknown,
  options: CallOptions,
  callerName?: string,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    const how = { deadline: deadlineOf(options) };
    const metadata = metadataOf(options, callerName);
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      how,
      (err, response) => {
        release();
        if (err) reject(err);
        else resolve(response);
      },
    );
    const release = cancelOnAbort(call, options);
  });
}

async function* callStream(
  client: Client,
  method: Method,
  request: unknown,
  options: CallOptions,
  callerName?: string,
): AsyncGenerator<unknown> {
  const { path, requestSerialize, responseDeserialize } = method;
  const how = { deadline: deadlineOf(options) };
  const metadata = metadataOf(options, callerName);
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, how);
  call.on('error', () => {}); // the cancel below says one when nobody listens any more
  const release = cancelOnAbort(call, options);
  try {
    yield* call;
  } finally {
    release();
    call.cancel();
  }
}

function deadlineOf({ timeoutMs, parent }: CallOptions): number {
  return Math.min(Date.now() + timeoutMs, (parent?.deadline.getTime() ?? Infinity) - PARENT_MARGIN_MS);
}

function metadataOf({ parent, requestId = parent?.requestId, metadata }: CallOptions, callerName?: string): Metadata {
  const sent = {
    [REQUEST_ID_KEY]: requestId,
    [TRACEPARENT_KEY]: parent?.traceparent,
    [CALLER_KEY]: callerName,
    ...metadata,
  };
  const result = new Metadata();
  for (const [key, value] of Object.entries(sent)) if (value !== undefined) result.set(key, value);
  return result;
}

/** Gives back what takes the listeners off again: a signal may outlive many calls. */
function cancelOnAbort(call: { cancel(): void }, { signal, parent }: CallOptions): () => void {
  const signals = [signal, parent?.signal].filter((given) => given !== undefined);
  const cancel = (): void => call.cancel();
  for (const given of signals) {
    if (given.aborted) cancel();
    else given.addEventListener('abort', cancel);
  }
  return () => signals.forEach((given) => given.removeEventListener('abort', cancel));
}
