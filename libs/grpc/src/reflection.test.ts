import { afterEach, expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { Client, credentials } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { FailureServiceService } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { defineService, rpcErrorOf, serve } from './index.ts';
import type { Handlers, RunningServer } from './index.ts';

const protoFile = createRequire(import.meta.url).resolve(
  '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
);
const reflection = loadSync(protoFile)['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;

type Answer = {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
};

let server: RunningServer;
afterEach(() => server.stop());

async function startFailures(withReflection: boolean): Promise<void> {
  server = await serve({
    address: '127.0.0.1:0',
    services: [
      defineService({
        definition: FailureServiceService,
        handlers: new Proxy({}, { get: () => () => {} }) as Handlers<typeof FailureServiceService>,
        allow: ['console'],
      }),
    ],
    reflection: withReflection,
    logger: createLogger({ service: 'test' }, { write: () => {} }),
    registry: createRegistry(),
  });
}

async function ask(question: object): Promise<Answer> {
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = reflection['ServerReflectionInfo']!;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
    deadline: Date.now() + 5_000,
  });
  call.write(question);
  call.end();
  try {
    for await (const answer of call) return answer as Answer;
    throw new Error('was not answered');
  } finally {
    client.close();
  }
}

test('reflection lists the services of this server, and describes what they are made of', async () => {
  await startFailures(true);
  const { listServicesResponse } = await ask({ listServices: '' });
  expect(listServicesResponse!.service.map(({ name }) => name)).toEqual(['autoprov.failure.v1.FailureService']);
  const { fileDescriptorResponse } = await ask({ fileContainingSymbol: 'autoprov.failure.v1.FailureService' });
  const files = fileDescriptorResponse!.fileDescriptorProto.map((bytes) => bytes.toString('latin1')).join();
  expect(files).toContain('ExportFailuresRequest');
  expect(files).toContain('google.protobuf');
});

test('reflection that is switched off does not answer', async () => {
  await startFailures(false);
  await expect(ask({ listServices: '' }).catch(rpcErrorOf)).resolves.toMatchObject({
    message: expect.stringContaining('does not implement the method'),
  });
});
