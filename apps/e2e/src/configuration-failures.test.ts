import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { entryOf } from '@autoprov/failure-catalogue';
import { rpcErrorOf, status } from '@autoprov/grpc';
import type { RpcFailure } from '@autoprov/grpc';
import { App, MappingRow, ProvisioningSetup } from '@autoprov/proto';
import { directoryScopes, plainCompany, waitUntil } from '@autoprov/testing';
import type { Network, ServiceName } from '@autoprov/testing';
import { app, customer, installApp, setup as setupName, startCompany } from './start-company.ts';

const write = { validateOnly: false, requestId: '' };
/** Longer than an outage takes to show. */
const call = { timeoutMs: 40_000 };
const always = 1_000_000;
const [userScope, schemaScope] = directoryScopes as [string, string];

let network: Network;

beforeAll(async () => {
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  network = await startCompany('configuration-failures', {
    people,
    gatedDatabases: ['config', 'scim-pusher'],
    serviceProvider: { kind: 'scimmy' },
  });
  await installApp(network);
  await network.settle();
  const bare = App.fromPartial({ displayName: 'Bare', template: 'templates/scim-bearer' });
  await network.clients.config.createApp({ parent: customer, appId: 'bare', app: bare, ...write }, call);
});

afterAll(() => network?.stop());

afterEach(async () => {
  network.directory.run({ do: 'clearFaults' });
  network.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  await network.serviceProvider.run({ do: 'clearFaults' });
  for (const gate of Object.values(network.databaseGates)) gate.open();
});

/** The stored setup, once config answers again. */
async function currentSetup(): Promise<ProvisioningSetup> {
  let setup: ProvisioningSetup | undefined;
  const read = async () => {
    setup = (await network.clients.config.getSetup({ name: setupName }, call)).setup;
    return true;
  };
  await waitUntil('config to answer', read, Date.now() + 20_000);
  return setup!;
}

async function refusalOf(answer: Promise<unknown>): Promise<RpcFailure> {
  return answer.then(() => Promise.reject(new Error('was accepted and must be refused')), rpcErrorOf);
}

/** The refusal of a call while a service has no database. */
async function refusalWithout(service: ServiceName, work: () => Promise<unknown>): Promise<RpcFailure> {
  network.databaseGates[service]!.shut();
  try {
    return await refusalOf(work());
  } finally {
    network.databaseGates[service]!.open();
  }
}

/** What every failure of this model is answered with, in the published words. */
function published(reason: string, code: status): object {
  return { reason, code, localizedMessage: entryOf(reason).message };
}

type Config = Network['clients']['config'];
type Outage = [
  reason: string,
  service: ServiceName,
  work: (config: Config, setup: ProvisioningSetup) => Promise<unknown>,
];

const outages: Outage[] = [
  ['FETCH_SETUP_FAILED', 'config', (config) => config.getSetup({ name: setupName }, call)],
  ['FETCH_PRECONFIGURATION_FAILED', 'config', (config) => config.getPreConfiguration({ app }, call)],
  ['FETCH_STATUS_FAILED', 'scim-pusher', () => network.clients.push.getAppStatus({ app }, call)],
  [
    'CREATE_FAILED',
    'config',
    (config, { endpointUrl }) => {
      const setup = ProvisioningSetup.fromPartial({ endpointUrl });
      return config.createSetup({ parent: `${customer}/apps/bare`, setup, ...write }, call);
    },
  ],
  [
    'UPDATE_FAILED',
    'config',
    (config, setup) => config.updateSetup({ setup, updateMask: ['matching', 'endpoint_url'], ...write }, call),
  ],
  [
    'UPDATE_MAPPING_FAILED',
    'config',
    (config, { name, etag, attributeMapping }) =>
      config.updateAttributeMapping({ name, etag, attributeMapping, mappingTests: [], ...write }, call),
  ],
  [
    'UPDATE_GROUPS_FAILED',
    'config',
    (config, { name, etag, scope }) => config.updateGroupSettings({ name, etag, scope, ...write }, call),
  ],
  [
    'UPDATE_DEPROVISIONING_FAILED',
    'config',
    (config, { name, etag, deprovisioning }) =>
      config.updateDeprovisioningConfig({ name, etag, deprovisioning, ...write }, call),
  ],
  ['ACTIVATION_FAILED', 'config', (config, { name, etag }) => config.activateSetup({ name, etag, ...write }, call)],
  ['DELETE_FAILED', 'config', (config, { name, etag }) => config.deleteSetup({ name, etag, ...write }, call)],
];

test.each(outages)('%s while %s has no database: in the published words, to be tried again', async (...row) => {
  const [reason, service, work] = row;
  const before = await currentSetup();
  const refusal = await refusalWithout(service, () => work(network.clients.config, before));
  expect(refusal).toMatchObject({ ...published(reason, status.UNAVAILABLE), retryAfterMs: expect.any(Number) });
  expect(await currentSetup()).toEqual(before);
});

test('FETCH_CUSTOM_ATTRIBUTES_FAILED: to be tried again, or an admin grants the scope (17006)', async () => {
  const list = () => network.clients.directory.listCustomSchemas({ parent: customer }, call);
  network.directory.run({ do: 'failPage', kind: 'schemasList', status: 503, reason: 'backendError', times: always });
  expect(await refusalOf(list())).toMatchObject(published('FETCH_CUSTOM_ATTRIBUTES_FAILED', status.UNAVAILABLE));
  network.directory.run({ do: 'clearFaults' });
  network.directory.run({ do: 'revokeScopes', scopes: [schemaScope] });
  expect(await refusalOf(list())).toMatchObject({
    ...published('FETCH_CUSTOM_ATTRIBUTES_FAILED', status.FAILED_PRECONDITION),
    metadata: { code: '17006' },
  });
  network.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  expect((await list()).schemas).toBeDefined();
});

test('ENABLE_FAILED lists every failed check with its own code, and nothing is activated', async () => {
  const { config } = network.clients;
  const { name, etag } = await currentSetup();
  const inactive = (await config.deactivateSetup({ name, etag, ...write }, call)).setup!;
  network.directory.run({ do: 'revokeScopes', scopes: [userScope] });
  await network.serviceProvider.run({ do: 'fault', effect: 'unauthorized', times: always });
  const activate = () => config.activateSetup({ name, etag: inactive.etag, ...write }, call);
  const refusal = await refusalOf(activate());
  expect(refusal).toMatchObject({
    ...published('ENABLE_FAILED', status.FAILED_PRECONDITION),
    metadata: { 'check.credential': '17010', [`check.scope ${userScope}`]: '17006' },
  });
  expect(refusal.fieldViolations.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['credential', `scope ${userScope}`]),
  );
  expect(await currentSetup()).toEqual(inactive);
  await network.serviceProvider.run({ do: 'clearFaults' });
  network.directory.run({ do: 'grantScopes', scopes: directoryScopes });
  await activate();
});

test('AUTHENTICATION_FAILED: the service provider refuses the credential, and nothing is stored', async () => {
  const { config, tokenBroker } = network.clients;
  const bare = `${customer}/apps/bare`;
  const secret = { $case: 'bearerToken', value: 'not-a-token-of-theirs' } as const;
  const credential = { app: bare, secret, expireTime: undefined, keepPrevious: false, validateOnly: false };
  await tokenBroker.setCredential(credential, call);
  const setup = ProvisioningSetup.fromPartial({ endpointUrl: (await currentSetup()).endpointUrl });
  expect(await refusalOf(config.createSetup({ parent: bare, setup, ...write }, call))).toMatchObject(
    published('AUTHENTICATION_FAILED', status.FAILED_PRECONDITION),
  );
  expect(await refusalOf(config.getSetup({ name: `${bare}/setup` }, call))).toMatchObject({ code: status.NOT_FOUND });
});

test('ENDPOINT_INVALID: no SCIM answers at the URL', async () => {
  const before = await currentSetup();
  const endpointUrl = before.endpointUrl.replace(/\/[^/]*$/, '/nowhere');
  const update = { setup: { ...before, endpointUrl }, updateMask: ['endpoint_url'], ...write };
  expect(await refusalOf(network.clients.config.updateSetup(update, call))).toMatchObject({
    ...published('ENDPOINT_INVALID', status.INVALID_ARGUMENT),
    fieldViolations: [expect.objectContaining({ field: 'setup.endpoint_url' })],
  });
  expect(await currentSetup()).toEqual(before);
});

test('FETCH_TARGET_ATTRIBUTES_FAILED: discovery is there and fails', async () => {
  const { name, etag, attributeMapping } = await currentSetup();
  const row = MappingRow.fromPartial({ target: 'nickName' });
  const rows = [...attributeMapping!.rows, { ...row, source: { $case: 'constant', value: 'Nick' } as const }];
  const change = { name, etag, attributeMapping: { rows }, mappingTests: [], validateOnly: true, requestId: '' };
  await network.serviceProvider.run({ do: 'fault', effect: 'failBefore', path: '/Schemas', times: always });
  expect(await refusalOf(network.clients.config.updateAttributeMapping(change, call))).toMatchObject({
    ...published('FETCH_TARGET_ATTRIBUTES_FAILED', status.UNAVAILABLE),
    retryAfterMs: expect.any(Number),
  });
  await network.serviceProvider.run({ do: 'clearFaults' });
  expect((await network.clients.config.updateAttributeMapping(change, call)).setup?.name).toBe(name);
});

test('FETCH_TARGET_SCHEMA_FAILED: discovery knows no User, and /Users is no SCIM', async () => {
  const provider = await startProviderWithoutUsers();
  try {
    const { port } = provider.address() as { port: number };
    const request = { app, endpointUrl: `https://localhost:${port}/scim`, profile: undefined };
    expect(await refusalOf(network.clients.push.getTargetSchema(request, call))).toMatchObject(
      published('FETCH_TARGET_SCHEMA_FAILED', status.FAILED_PRECONDITION),
    );
  } finally {
    provider.closeAllConnections();
    provider.close();
  }
});

/** Its only schema is that of groups. */
async function startProviderWithoutUsers(): Promise<Server> {
  const read = (file: string) => readFileSync(join(network.dir, 'tls', file));
  const server = createServer({ cert: read('localhost.pem'), key: read('localhost-key.pem') }, (request, response) => {
    const isSchemas = request.url?.startsWith('/scim/Schemas');
    const schema = { id: 'urn:ietf:params:scim:schemas:core:2.0:Group', name: 'Group', attributes: [] };
    const list = { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], Resources: [schema] };
    response.writeHead(isSchemas ? 200 : 404, { 'content-type': isSchemas ? 'application/scim+json' : 'text/html' });
    response.end(isSchemas ? JSON.stringify({ ...list, totalResults: 1 }) : '<html>not here</html>');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

test("DELETED_BUT_NOT_REVOKED: the last setup is deleted while Google's delegation works, until an admin removes it", async () => {
  const { config, tokenBroker } = network.clients;
  const { name, etag } = await currentSetup();
  const { warnings } = await config.deleteSetup({ name, etag, ...write }, call);
  expect(warnings).toEqual([
    expect.objectContaining({
      reason: 'DELETED_BUT_NOT_REVOKED',
      message: "Delete configuration succeeded but couldn't revoke API client access",
    }),
  ]);
  const revocations = { parent: customer, pageSize: 0, pageToken: '' };
  expect((await tokenBroker.listRevocations(revocations, call)).revocations).toHaveLength(1);
});
