import { makeGenericClientConstructor } from '@grpc/grpc-js';
import { createLogger, createRegistry } from '@autoprov/service';
import { createClient } from './client.ts';
import type { CallOptions, ClientConfig, ClientConstructor, RpcClient } from './client.ts';
import { serve } from './serve.ts';
import type { RunningServer, ServeOptions } from './serve.ts';
import { defineService } from './service.ts';
import type { Allow, Handlers, Roles } from './service.ts';

/** A message of the test contract; on the wire it is JSON. */
export type Note = { text: string };

function method<const Path extends string, const Streams extends boolean>(path: Path, responseStream: Streams) {
  return {
    path: `/test.v1.NoteService/${path}`,
    requestStream: false as const,
    responseStream,
    requestSerialize: (value: Note): Buffer => Buffer.from(JSON.stringify(value)),
    requestDeserialize: (bytes: Buffer): Note => JSON.parse(bytes.toString()) as Note,
    responseSerialize: (value: Note): Buffer => Buffer.from(JSON.stringify(value)),
    responseDeserialize: (bytes: Buffer): Note => JSON.parse(bytes.toString()) as Note,
  };
}

/** A contract in the form in which ts-proto generates them. */
export const NoteService = {
  getNote: method('GetNote', false),
  createNote: method('CreateNote', false),
  readNotes: method('ReadNotes', true),
};

const NoteServiceClient = makeGenericClientConstructor(
  NoteService,
  'test.v1.NoteService',
) as unknown as ClientConstructor<typeof NoteService>;

const unused = (): never => {
  throw new Error('this test does not call it');
};

/** Serves the test contract with the handlers that a test gives. */
export async function serveNotes(
  handlers: Partial<Handlers<typeof NoteService>>,
  {
    allow = ['config'],
    roles = {},
    ...options
  }: Partial<ServeOptions> & { allow?: Allow<typeof NoteService>; roles?: Roles<typeof NoteService> } = {},
) {
  const lines: string[] = [];
  const registry = createRegistry();
  const server: RunningServer = await serve({
    address: '127.0.0.1:0',
    services: [
      defineService({
        definition: NoteService,
        handlers: { getNote: unused, createNote: unused, readNotes: unused, ...handlers },
        allow,
        roles,
      }),
    ],
    reflection: false,
    logger: createLogger({ service: 'notes' }, { write: (line) => void lines.push(line) }),
    registry,
    ...options,
  });
  return {
    ...server,
    registry,
    address: `127.0.0.1:${server.port}`,
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    log: lines,
  };
}

/** A client of the test contract. */
export function noteClient(config: ClientConfig<typeof NoteService>): RpcClient<typeof NoteService> {
  return createClient(NoteServiceClient, config);
}

/** Long enough for any call that should succeed. */
export const soon: CallOptions = { timeoutMs: 10_000 };
