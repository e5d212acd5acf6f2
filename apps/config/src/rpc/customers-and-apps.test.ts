import { connect } from 'node:tls';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
afterAll(() => config.stop());

const createCustomer = (customerId: string) =>
  config.cli.createCustomer({ customerId, customer: { name: '', displayName: 'Acme', etag: '' }, ...plain }, soon);

test('a customer is created, read, listed and deleted', async () => {
  const { customer } = await createCustomer('acme');
  expect(customer).toMatchObject({ name: 'customers/acme', displayName: 'Acme', createTime: expect.any(Date) });
  expect(await config.cli.getCustomer({ name: 'customers/acme' }, soon)).toEqual({ customer });
  await config.cli.deleteCustomer({ name: 'customers/acme', validateOnly: false }, soon);
  expect(await failureOf(config.cli.getCustomer({ name: 'customers/acme' }, soon))).toMatchObject({
    code: status.NOT_FOUND,
    reason: 'RESOURCE_NOT_FOUND',
  });
});

test('pages follow each other without gap or overlap, and the last has no token', async () => {
  for (const id of ['page-a', 'page-b', 'page-c']) await createCustomer(id);
  const names: string[] = [];
  let pageToken = '';
  do {
    const page = await config.cli.listCustomers({ pageSize: 1, pageToken }, soon);
    names.push(...page.customers.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(names).toEqual(['customers/page-a', 'customers/page-b', 'customers/page-c']);
});

test('a customer with apps is not deleted', async () => {
  await installApp(config, 'in-use', 'crm');
  const call = config.cli.deleteCustomer({ name: 'customers/in-use', validateOnly: false }, soon);
  expect(await failureOf(call)).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'RESOURCE_IN_USE' });
});

test('an app of an unknown template, of an unknown customer or of a taken id is refused', async () => {
  const parent = 'customers/refused';
  await installApp(config, 'refused', 'crm');
  const before = await readEverything(config);
  const createApp = (request: { parent: string; appId: string; template: string }) =>
    config.cli.createApp(
      { ...request, app: { name: '', displayName: 'x', template: request.template, etag: '' }, ...plain },
      soon,
    );
  const template = 'templates/scim-bearer';
  expect(await failureOf(createApp({ parent, appId: 'erp', template: 'templates/none' }))).toMatchObject({
    code: status.NOT_FOUND,
    message: expect.stringContaining(template),
  });
  expect(await failureOf(createApp({ parent: 'customers/nobody', appId: 'erp', template }))).toMatchObject({
    code: status.NOT_FOUND,
  });
  expect(await failureOf(createApp({ parent, appId: 'crm', template }))).toMatchObject({
    code: status.ALREADY_EXISTS,
    reason: 'RESOURCE_EXISTS',
  });
  expect(await readEverything(config)).toEqual(before);
});

test('a removed app takes its setup with it, and followers are told', async () => {
  const parent = await installApp(config, 'removing', 'crm');
  const { setup } = await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon);
  await config.cli.deleteApp({ name: parent, validateOnly: false }, soon);
  const { changes } = await config.pusher.listSetupChanges({ sinceRevision: setup!.revision, pageSize: 0 }, soon);
  expect(changes).toMatchObject([{ app: parent, appRemoved: true, setup: undefined }]);
  const { name, etag } = setup!;
  expect(await failureOf(config.cli.activateSetup({ name, etag, ...plain }, soon))).toMatchObject({
    reason: 'STALE_ACTIVATE_UNCONFIGURED',
  });
});

test('the catalogue is listed with mappings and profiles', async () => {
  const { templates } = await config.pusher.listTemplates({ pageSize: 0, pageToken: '' }, soon);
  expect(templates.map(({ name }) => name)).toEqual(templates.map(({ name }) => name).toSorted());
  expect(templates).toContainEqual(
    expect.objectContaining({
      name: 'templates/scim-in-house',
      attributeMapping: expect.anything(),
      scim: expect.objectContaining({ maxRequestsPerSecond: 2000, maxConcurrentRequests: 16 }),
    }),
  );
});

test.each([
  ['a bad id', () => createCustomer('ACME')],
  ['a bad name', () => config.cli.getCustomer({ name: 'acme' }, soon)],
  ['a negative page size', () => config.cli.listCustomers({ pageSize: -1, pageToken: '' }, soon)],
  ['a page token of another list', () => config.cli.listCustomers({ pageSize: 1, pageToken: 'Z2FyYmFnZSE' }, soon)],
])('%s is refused, naming the field, and leaves no half-saved state', async (_, call) => {
  const before = await readEverything(config);
  expect(await failureOf(call())).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field: expect.stringMatching(/^(customer_id|name|page_size|page_token)$/) }],
  });
  expect(await readEverything(config)).toEqual(before);
});

test('a call without a deadline is refused and leaves no half-saved state', async () => {
  const before = await readEverything(config);
  const customer = { name: '', displayName: 'x', etag: '' };
  const call = config.cli.createCustomer({ customerId: 'endless', customer, ...plain }, { timeoutMs: Infinity });
  expect(await failureOf(call)).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'DEADLINE_REQUIRED' });
  expect(await readEverything(config)).toEqual(before);
});

test('a workload that may not write is refused and leaves no half-saved state', async () => {
  const before = await readEverything(config);
  const customer = { name: '', displayName: 'x', etag: '' };
  for (const client of [config.pusher, config.stranger]) {
    expect(await failureOf(client.createCustomer({ customerId: 'sneaked', customer, ...plain }, soon))).toMatchObject({
      code: status.PERMISSION_DENIED,
      reason: 'CALLER_NOT_ALLOWED',
    });
  }
  expect(await failureOf(config.stranger.listCustomers({ pageSize: 0, pageToken: '' }, soon))).toMatchObject({
    reason: 'CALLER_NOT_ALLOWED',
  });
  expect(await readEverything(config)).toEqual(before);
});

test('a caller without a client certificate is refused at the handshake', async () => {
  const socket = connect({
    host: '127.0.0.1',
    port: config.port,
    ca: readFileSync(config.caFile),
    ALPNProtocols: ['h2'],
  });
  const [err] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(err.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
});
