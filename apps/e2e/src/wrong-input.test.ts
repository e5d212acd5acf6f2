import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, rpcErrorOf, status } from '@autoprov/grpc';
import type { RpcFailure } from '@autoprov/grpc';
import { ConfigServiceClient, ProvisioningSetup } from '@autoprov/proto';
import { createCertificates, plainCompany } from '@autoprov/testing';
import type { Network, NetworkClients } from '@autoprov/testing';
import { runAutoprov } from './run-process.ts';
import { app, call, customer, installApp, setup, startCompany } from './start-company.ts';

const write = { validateOnly: false, requestId: '' };
const group = 'group001@example.com';

let network: Network;
let config: NetworkClients['config'];

beforeAll(async () => {
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  network = await startCompany('wrong-input', { people });
  ({ config } = network.clients);
  await installApp(network);
  const bare = { displayName: 'Bare', template: 'templates/scim-bearer', name: '', createTime: undefined, etag: '' };
  await config.createApp({ parent: customer, appId: 'bare', app: bare, ...write }, call);
});

afterAll(() => network?.stop());

async function refusalOf(answer: Promise<unknown>): Promise<RpcFailure> {
  return answer.then(() => Promise.reject(new Error('was accepted and must be refused')), rpcErrorOf);
}

/** All that config holds: what a refused call must not change. */
async function everything() {
  const page = { pageSize: 1000, pageToken: '' };
  return {
    customers: (await config.listCustomers(page, call)).customers,
    apps: (await config.listApps({ parent: customer, ...page }, call)).apps,
    changes: (await config.listSetupChanges({ sinceRevision: 0n, pageSize: 0 }, call)).changes,
    revisions: (await config.listSetupRevisions({ parent: setup, ...page }, call)).revisions,
  };
}

/** Expects a refusal that says what is wrong where, after which everything is as before. */
async function expectRefused(answer: () => Promise<unknown>, refusal: object): Promise<void> {
  const before = await everything();
  expect(await refusalOf(answer())).toMatchObject(refusal);
  expect(await everything()).toEqual(before);
}

const missing = `${customer}/apps/bare/setup`;

test('an endpoint that is no https URL is refused by its name, in the published words', () =>
  expectRefused(
    () => {
      const wanted = ProvisioningSetup.fromPartial({ endpointUrl: 'http://wiki.example.com/scim/v2' });
      return config.createSetup({ parent: `${customer}/apps/bare`, setup: wanted, ...write }, call);
    },
    {
      code: status.INVALID_ARGUMENT,
      reason: 'ENDPOINT_INVALID',
      localizedMessage: expect.any(String),
      fieldViolations: [{ field: 'setup.endpoint_url', description: expect.any(String) }],
    },
  ));

test('all mistakes of a setup are named at once', async () => {
  const { setup: stored } = await config.getSetup({ name: setup }, call);
  const wanted = ProvisioningSetup.fromPartial({
    ...stored,
    endpointUrl: 'https://10.0.0.1/scim',
    attributeMapping: { rows: [{ target: 'no such path[', source: { $case: 'attribute', value: 'primaryEmail' } }] },
    scope: { groups: ['twice@example.com', 'twice@example.com'], orgUnits: ['Sales'] },
  });
  const answer = () =>
    config.updateSetup({ setup: wanted, updateMask: ['endpoint_url', 'attribute_mapping', 'scope'], ...write }, call);
  const fields = ['endpoint_url', 'attribute_mapping.rows[0].target', 'scope.groups[1]', 'scope.org_units[0]'];
  const named = fields.map((field) => expect.objectContaining({ field: `setup.${field}` }));
  await expectRefused(answer, { code: status.INVALID_ARGUMENT, fieldViolations: expect.arrayContaining(named) });
});

test.each<[what: string, reason: string, code: status, answer: () => Promise<unknown>]>([
  [
    'a write with an old etag',
    'STALE_SETUP_CHANGED',
    status.ABORTED,
    () => config.deactivateSetup({ name: setup, etag: '1', ...write }, call),
  ],
  [
    'a second setup',
    'STALE_SETUP_EXISTS',
    status.ALREADY_EXISTS,
    async () => {
      const { setup: stored } = await config.getSetup({ name: setup }, call);
      return config.createSetup({ parent: app, setup: stored, ...write }, call);
    },
  ],
  [
    'a change of a setup that is gone',
    'STALE_SETUP_MISSING',
    status.FAILED_PRECONDITION,
    () => {
      const wanted = ProvisioningSetup.fromPartial({ name: missing, etag: '1', scope: { groups: [group] } });
      return config.updateSetup({ setup: wanted, updateMask: ['scope'], ...write }, call);
    },
  ],
  [
    'an activation without a setup',
    'STALE_ACTIVATE_UNCONFIGURED',
    status.FAILED_PRECONDITION,
    () => config.activateSetup({ name: missing, etag: '1', ...write }, call),
  ],
  [
    'a deletion without a setup',
    'STALE_DELETE_UNCONFIGURED',
    status.FAILED_PRECONDITION,
    () => config.deleteSetup({ name: missing, etag: '1', ...write }, call),
  ],
])('%s is refused with %s', (_, reason, code, answer) =>
  expectRefused(answer, { code, reason, localizedMessage: expect.any(String) }),
);

test('a call without a deadline is refused by every service', async () => {
  const { directory, failures, push, tokenBroker } = network.clients;
  const never = { timeoutMs: Infinity };
  const answers = [
    () => config.getSetup({ name: setup }, never),
    () => directory.getReadStatus({ customer }, never),
    () => failures.getFailure({ name: 'failures/none' }, never),
    () => push.getAppStatus({ app }, never),
    () => tokenBroker.getCredential({ name: `${app}/credential` }, never),
  ];
  for (const answer of answers) {
    expect(await refusalOf(answer())).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'DEADLINE_REQUIRED' });
  }
});

test('nobody gets through the handshake of a service without a client certificate', async () => {
  const ca = readFileSync(network.cliEnvironment['TLS_CA_FILE']!);
  for (const address of Object.values(network.addresses)) {
    const port = Number(address.split(':').at(-1));
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, ALPNProtocols: ['h2'] });
    socket.resume();
    await expect(once(socket, 'end')).rejects.toThrow(/certificate required/);
  }
});

test('a service that may not change a setup is refused by its name', async () => {
  const { services } = await createCertificates(join(network.dir, 'tls'), ['scim-pusher']);
  const client = createClient(ConfigServiceClient, { address: network.addresses.config, tls: services['scim-pusher'] });
  try {
    await expectRefused(() => client.deleteSetup({ name: setup, etag: '1', ...write }, call), {
      code: status.PERMISSION_DENIED,
      reason: 'CALLER_NOT_ALLOWED',
      metadata: { caller: 'scim-pusher' },
    });
  } finally {
    client.close();
  }
});

test('the command line gets no secret', async () => {
  const answer = network.clients.tokenBroker.getAppAuthorization({ app, forceNew: false }, call);
  expect(await refusalOf(answer)).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
});

test('a key file that is none is refused without being repeated, and the stored one stays', async () => {
  const { tokenBroker } = network.clients;
  const name = `${customer}/delegation`;
  const before = await tokenBroker.getDelegation({ name }, call);
  const wrong = { customer, serviceAccountKeyJson: '{"private_key":"hush"}', adminEmail: 'admin@example.com' };
  const refusal = await refusalOf(tokenBroker.setDelegation({ ...wrong, validateOnly: false }, call));
  expect(refusal).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: expect.arrayContaining([expect.objectContaining({ field: 'service_account_key_json' })]),
  });
  expect(JSON.stringify(refusal)).not.toContain('hush');
  expect(await tokenBroker.getDelegation({ name }, call)).toEqual(before);
});

test.each<[what: string, answer: () => Promise<unknown>]>([
  ['an app', () => network.clients.push.getAppStatus({ app: `${customer}/apps/none` }, call)],
  ['a customer', () => network.clients.directory.requestRead({ customer: 'customers/none' }, call)],
  ['a failure', () => network.clients.failures.getFailure({ name: `failures/${'a'.repeat(26)}` }, call)],
  ['a setup', () => config.getSetup({ name: missing }, call)],
])('%s that does not exist is NOT_FOUND', async (_, answer) => {
  expect(await refusalOf(answer())).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
});

test('"autoprov apply" names each unknown field with its line, and makes nothing of the file', async () => {
  const file = join(network.dir, 'unknown-field.yaml');
  writeFileSync(
    file,
    ['customers:', '  - id: beta', '    displayName: Beta', '    apps: []', '    colour: red'].join('\n'),
  );
  const before = await everything();
  const { exitCode, stderr } = await runAutoprov(network, 'apply', file);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/:5\b.*colour|line 5.*colour|colour.*line 5/i);
  expect(await everything()).toEqual(before);
});
