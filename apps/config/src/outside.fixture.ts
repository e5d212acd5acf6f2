import { defineService, RpcError, serve, status, type Service } from '@autoprov/grpc';
import { directoryScopes } from '@autoprov/failure-catalogue';
import {
  CheckDelegationResponse,
  CheckGroupsResponse,
  DirectoryServiceService,
  DirectoryUser,
  GetTargetSchemaResponse,
  ListCustomSchemasResponse,
  ProbeEndpointResponse,
  PushServiceService,
  TokenBrokerServiceService,
  type CheckGroupsRequest,
  type GetUserRequest,
} from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import type { Certificates } from '@autoprov/testing';

type Answers = Record<string, (request: never) => Promise<unknown>>;

/** Ada, as the directory answers her whatever she is called by. */
export const ada = {
  name: 'customers/acme/users/1001',
  primaryEmail: 'ada@acme.example',
  orgUnitPath: '/Sales',
  attributes: { id: '1001', primaryEmail: 'ada@acme.example', name: { givenName: 'Ada', familyName: 'Lovelace' } },
};

/** Everything is as it should be. */
const inOrder = () => ({
  push: {
    probeEndpoint: async () => ProbeEndpointResponse.fromPartial({ isScim: true, isAuthorized: true }),
    getTargetSchema: async () => GetTargetSchemaResponse.fromPartial({ schema: { discovered: false } }),
  } as Answers,
  tokenBroker: {
    checkDelegation: async () =>
      CheckDelegationResponse.fromPartial({
        scopes: directoryScopes.map((scope) => ({ scope, granted: true })),
        googleCustomerId: 'C03az79cb',
      }),
    getDelegation: () => refuse(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'no delegation'),
    getCredential: () => refuse(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'no credential'),
    revokeAppAccess: async () => ({ open: [] }),
  } as Answers,
  directory: {
    checkGroups: async ({ groups }: CheckGroupsRequest) =>
      CheckGroupsResponse.fromPartial({ checks: groups.map((group) => ({ group, found: true })) }),
    listCustomSchemas: async () => ListCustomSchemasResponse.fromPartial({}),
    listUsers: async () => ({ users: [DirectoryUser.fromPartial(ada)], nextPageToken: '' }),
    getUser: async ({ name }: GetUserRequest) => {
      const [customer] = name.split('/users/');
      return { user: DirectoryUser.fromPartial({ ...ada, name: `${customer}/users/1001` }) };
    },
  } as Answers,
});

/** Stands in for the services that config asks; a test sets what they answer, and reads what they were asked. */
export async function startOutside(certificates: Certificates) {
  const answers = inOrder();
  const asked: { method: string; request: unknown }[] = [];
  const serveOne = (name: string, definition: Definition, methods: Answers) =>
    serve({
      address: '127.0.0.1:0',
      reflection: false,
      logger: createLogger({ service: name }, { write: () => {} }),
      registry: createRegistry(),
      tls: certificates.services[name],
      services: [serviceOf(definition, methods, (method, request) => asked.push({ method, request }))],
    });
  const servers = [
    await serveOne('token-broker', TokenBrokerServiceService, answers.tokenBroker),
    await serveOne('directory-reader', DirectoryServiceService, answers.directory),
    await serveOne('scim-pusher', PushServiceService, answers.push),
  ];
  const [tokenBroker, directoryReader, scimPusher] = servers.map(({ port }) => `127.0.0.1:${port}`);
  return {
    ...answers,
    peers: { tokenBroker: tokenBroker!, directoryReader: directoryReader!, scimPusher: scimPusher! },
    /** The methods that were called since the last `reset`. */
    asked: () => asked.map(({ method }) => method),
    /** What a method was asked since then. */
    requests: (method: string) => asked.filter((one) => one.method === method).map(({ request }) => request),
    /** Everything is as it should be again. */
    reset() {
      const { tokenBroker, directory, push } = inOrder();
      Object.assign(answers.tokenBroker, tokenBroker);
      Object.assign(answers.directory, directory);
      Object.assign(answers.push, push);
      asked.length = 0;
    },
    async stop() {
      for (const server of servers) await server.stop();
    },
  };
}

/** An answer that refuses. */
export async function refuse(
  code: RpcError['code'],
  reason: RpcError['reason'],
  message: string,
  metadata: Record<string, string> = {},
): Promise<never> {
  throw new RpcError(code, reason, message, { metadata });
}

/** The answer of a service that is down. */
export async function silence(): Promise<never> {
  // With a wait, so that the client does not try again by itself.
  throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'is down', { retryAfterMs: 1_000 });
}

type Definition = Parameters<typeof defineService>[0]['definition'];

function serviceOf(
  definition: Definition,
  answers: Answers,
  onCall: (method: string, request: unknown) => void,
): Service {
  const handlers = Object.keys(definition).map((method) => [
    method,
    (request: never) => {
      onCall(method, request);
      const answer = answers[method];
      return answer ? answer(request) : Promise.reject(new Error(`${method} is not asked for`));
    },
  ]);
  const service = { definition, handlers: Object.fromEntries(handlers), allow: ['config'] };
  return defineService(service as unknown as Parameters<typeof defineService>[0]);
}
