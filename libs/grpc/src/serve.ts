import { Server, setLogger } from '@grpc/grpc-js';
import type { ServerCredentials } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { descriptorSet } from '@autoprov/proto';
import { Histogram } from '@autoprov/service';
import type { Logger, Registry } from '@autoprov/service';
import type { Authorizer } from './authorize.ts';
import { noRoles } from './authorizer.ts';
import { callerOf } from './caller.ts';
import type { ServerCall } from './call-context.ts';
import type { Service } from './service.ts';
import { serverCredentials } from './tls.ts';
import type { TlsFiles } from './tls.ts';
import { MAX_MESSAGE_BYTES, MAX_STREAM_MS, wrapService } from './wrap-service.ts';

/** What a server is made of. */
export type ServeOptions = {
  /** host:port to listen on; port 0 takes a free one. */
  address: string;
  /** Without it, plaintext on a loopback address only, and callers are believed who they say they are. */
  tls?: TlsFiles | undefined;
  services: readonly Service[];
  /** Who people are and what roles there are, by `createAuthorizer`; without it, only `allow` lets anybody in. */
  authorizer?: Authorizer;
  /** Whether anybody with a certificate may read the contracts (gRPC reflection v1 and v1alpha). */
  reflection: boolean;
  /** True for errors that mean that the database, or whatever is behind this service, does not answer: UNAVAILABLE. */
  isUnavailable?: (err: unknown) => boolean;
  /** How long running calls may take to finish when the server stops; 10 s unless said. */
  drainMs?: number;
  logger: Logger;
  registry: Registry;
};

/** A server that answers. `stop` ends it gracefully: health says NOT_SERVING, no new calls, and the running ones are waited for. */
export type RunningServer = { port: number; stop(): Promise<void> };

const serverOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 256,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Clients look for new replicas only when they connect again; calls that run are let finish.
  'grpc.max_connection_age_ms': 300_000,
  'grpc.max_connection_age_grace_ms': MAX_STREAM_MS,
};

/** Starts a server with the services, their health and, where asked, reflection. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const {
    address,
    tls,
    services,
    authorizer = noRoles,
    reflection,
    isUnavailable = () => false,
    drainMs = 10_000,
    logger,
    registry,
  } = options;
  const durationSeconds = new Histogram({
    name: 'grpc_server_call_duration_seconds',
    help: 'Calls handled, by status code, and how long they took.',
    labelNames: ['service', 'method', 'code'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
  // grpc-js would write its lines to the console.
  setLogger({ error: (detail: unknown) => logger.warn({ detail: String(detail) }, 'grpc library complains') });
  const server = new Server(serverOptions);
  const rules = {
    callerOf: (call: ServerCall) => callerOf(call, { tls: tls !== undefined }),
    authorizer,
    isUnavailable,
    logger,
    durationSeconds,
  };
  for (const service of services) {
    const { definition, implementation } = wrapService(service, rules);
    server.addService(definition, implementation);
  }
  const names = services.map(serviceName);
  const health = new HealthImplementation(Object.fromEntries(['', ...names].map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  if (reflection) {
    new ReflectionService(loadFileDescriptorSetFromBuffer(descriptorSet), { services: names }).addToServer(server);
  }
  const port = await listen(server, address, serverCredentials(address, tls));
  return {
    port,
    async stop() {
      for (const name of ['', ...names]) health.setStatus(name, 'NOT_SERVING');
      await drain(server, drainMs);
    },
  };
}

function serviceName({ definition }: Service): string {
  return Object.values(definition)[0]!.path.split('/')[1]!;
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) => {
      if (cause)
        reject(new Error(`cannot listen on ${address}: end what uses it, or choose another address`, { cause }));
      else resolve(port);
    });
  });
}

function drain(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    // tryShutdown alone waits for ever for a client that does not close its connection.
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
