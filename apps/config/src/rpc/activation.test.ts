import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import {
  CheckDelegationResponse,
  CheckGroupsResponse,
  GetDelegationResponse,
  ProbeEndpointResponse,
  ProvisioningSetup_State,
  SetupCheck_Result,
  type CheckGroupsRequest,
} from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { refuse, silence } from '../outside.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
beforeEach(() => config.outside.reset());
afterAll(() => config.stop());

async function makeSetup(fields: Parameters<typeof setupWith>[0] = {}) {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const { setup } = await config.cli.createSetup({ parent, setup: setupWith(fields), ...plain }, soon);
  config.outside.reset();
  return { parent, name: setup!.name, etag: setup!.etag };
}
const activate = ({ name, etag }: { name: string; etag: string }, how: object = {}) =>
  config.cli.activateSetup({ name, etag, ...plain, ...how }, soon);

const scope = 'https://www.googleapis.com/auth/admin.directory.userschema.readonly';

/** Everything is wrong that can be. */
function spoilAll() {
  const { push, tokenBroker, directory } = config.outside;
  push['probeEndpoint'] = async () =>
    ProbeEndpointResponse.fromPartial({ isScim: true, code: '17010', reason: 'AUTH_REVOKED' });
  push['getTargetSchema'] = () => refuse(status.UNAVAILABLE, 'FETCH_TARGET_ATTRIBUTES_FAILED', '/Schemas answers 500');
  tokenBroker['checkDelegation'] = async () =>
    CheckDelegationResponse.fromPartial({
      scopes: [
        { scope: 'https://granted', granted: true },
        { scope, code: '17006', reason: 'SCOPE_MISSING' },
      ],
      googleCustomerId: 'C1',
      code: '17007',
      reason: 'GOOGLE_CUSTOMER_TAKEN',
      message: 'the directory is bound to another customer',
    });
  directory['checkGroups'] = async ({ groups }: CheckGroupsRequest) =>
    CheckGroupsResponse.fromPartial({
      checks: groups.map((group) => ({ group, code: '50005', reason: 'GROUP_MISSING' })),
    });
}

test('an activation lists every check that failed or could not be made, with its code, and stores nothing', async () => {
  const setup = await makeSetup({ scope: { groups: ['gone@acme.example'] } });
  const before = await readEverything(config);
  spoilAll();
  for (const how of [{}, { validateOnly: true }]) {
    expect(await failureOf(activate(setup, how))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: 'ENABLE_FAILED',
      localizedMessage: 'Error enabling provisioning',
      metadata: {
        setup: setup.name,
        'check.credential': '17010',
        'check.delegation': '17007',
        [`check.scope ${scope}`]: '17006',
        'check.group gone@acme.example': '50005',
        'check.target_schema': 'FETCH_TARGET_ATTRIBUTES_FAILED',
      },
      fieldViolations: [
        { field: 'credential', description: expect.stringMatching(/^17010, AUTH_REVOKED, /) },
        { field: 'delegation', description: expect.stringMatching(/GOOGLE_CUSTOMER_TAKEN.*another customer/) },
        { field: `scope ${scope}` },
        { field: 'group gone@acme.example' },
        { field: 'target_schema' },
      ],
    });
  }
  expect(await readEverything(config)).toEqual(before);
});

test('a customer without delegation can not be activated: 17003 DELEGATION_MISSING', async () => {
  const setup = await makeSetup();
  config.outside.tokenBroker['checkDelegation'] = () => refuse(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'none');
  expect(await failureOf(activate(setup))).toMatchObject({
    reason: 'ENABLE_FAILED',
    metadata: { 'check.delegation': '17003' },
    fieldViolations: [{ field: 'delegation', description: expect.stringContaining('DELEGATION_MISSING') }],
  });
});

test.each([
  ['scim-pusher', () => (config.outside.push['probeEndpoint'] = silence), 'endpoint'],
  ['token-broker', () => (config.outside.tokenBroker['checkDelegation'] = silence), 'delegation'],
  ['directory-reader', () => (config.outside.directory['getUser'] = silence), 'sample_user'],
])('while %s does not answer nothing is activated, and the answer names it', async (service, spoil, check) => {
  const setup = await makeSetup();
  const before = await readEverything(config);
  spoil();
  const failure = await failureOf(activate(setup));
  expect(failure).toMatchObject({ reason: 'ENABLE_FAILED', message: expect.stringContaining(service) });
  expect(failure.fieldViolations).toContainEqual({ field: check, description: expect.stringContaining(service) });
  expect(await readEverything(config)).toEqual(before);
});

test('what only deserves a look keeps nobody from activating', async () => {
  const seconds = { seconds: 0n, nanos: 0 };
  const setup = await makeSetup({ deprovisioning: { deleted: { deleteAfter: seconds } } });
  config.outside.directory['listUsers'] = async () => ({ users: [], nextPageToken: '' });
  const { checks } = await config.cli.checkSetup({ app: setup.parent, draft: undefined, user: '' }, soon);
  expect(checks.find(({ id }) => id === 'sample_user')?.result).toBe(SetupCheck_Result.RESULT_WARNING);
  expect((await activate(setup)).setup?.state).toBe(ProvisioningSetup_State.STATE_ACTIVE);
});

test('a late activation is told so before anybody outside is asked, and an active setup is not asked about again', async () => {
  const setup = await makeSetup();
  expect(await failureOf(activate({ ...setup, etag: '1' }))).toMatchObject({ reason: 'STALE_SETUP_CHANGED' });
  expect(config.outside.asked()).toEqual([]);
  const active = (await activate(setup)).setup!;
  config.outside.reset();
  spoilAll();
  expect((await activate(active)).setup).toEqual(active);
  expect(config.outside.asked()).toEqual([]);
});

test('an activation whose setup is changed while it is checked is refused as stale', async () => {
  const { name, etag } = await makeSetup();
  const { setup } = await config.cli.getSetup({ name }, soon);
  config.outside.tokenBroker['checkDelegation'] = async () => {
    await config.cli.updateSetup(
      { setup: { ...setup!, endpointUrl: 'https://other.example' }, updateMask: ['endpoint_url'], ...plain },
      soon,
    );
    return CheckDelegationResponse.fromPartial({ googleCustomerId: 'C1' });
  };
  expect(await failureOf(activate({ name, etag }))).toMatchObject({
    code: status.ABORTED,
    reason: 'STALE_SETUP_CHANGED',
  });
});

test('a check of a setup names everything that was looked at, and changes nothing', async () => {
  const { parent } = await makeSetup({ scope: { groups: ['sales@acme.example'] } });
  const before = await readEverything(config);
  const { checks } = await config.cli.checkSetup({ app: parent, draft: undefined, user: '' }, soon);
  const ids = checks.map(({ id }) => id.replace(/ .*/, ''));
  expect([...new Set(ids)]).toEqual([
    'endpoint',
    'credential',
    'delegation',
    'scope',
    'group',
    'target_schema',
    'mapping',
    'sample_user',
    'deprovisioning',
  ]);
  expect(checks.filter(({ result }) => result !== SetupCheck_Result.RESULT_PASSED)).toEqual([]);
  expect(await readEverything(config)).toEqual(before);
});

test('a draft is checked before there is a setup, and what is wrong with it is an answer', async () => {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const rows = [{ target: 'x y', source: { $case: 'attribute' as const, value: 'primaryEmail' } }];
  const draft = setupWith({ endpointUrl: 'http://plain.example', attributeMapping: { rows } });
  const { checks } = await config.cli.checkSetup({ app: parent, draft, user: '' }, soon);
  const failed = checks.filter(({ result }) => result === SetupCheck_Result.RESULT_FAILED);
  expect(failed).toMatchObject([
    { id: 'endpoint', reason: 'ENDPOINT_INVALID' },
    { id: 'mapping', message: expect.stringContaining('rows[0].target') },
  ]);
  expect(config.outside.asked()).not.toContain('probeEndpoint');
});

test('without a user that is named, the sample is one of the directory, else the admin it is read for', async () => {
  const { parent } = await makeSetup();
  const customer = parent.split('/apps/')[0];
  const sampled = async (user = '') => {
    await config.cli.checkSetup({ app: parent, draft: undefined, user }, soon);
    return config.outside.requests('getUser').at(-1);
  };
  expect(await sampled(`${customer}/users/grace@acme.example`)).toMatchObject({
    name: `${customer}/users/grace@acme.example`,
    fresh: true,
  });
  expect(await sampled()).toMatchObject({ name: 'customers/acme/users/1001' });
  config.outside.directory['listUsers'] = async () => ({ users: [], nextPageToken: '' });
  config.outside.tokenBroker['getDelegation'] = async () =>
    GetDelegationResponse.fromPartial({ delegation: { adminEmail: 'admin@acme.example' } });
  expect(await sampled()).toMatchObject({ name: `${customer}/users/admin@acme.example` });
});

test('a user of another customer is refused', async () => {
  const { parent } = await makeSetup();
  const request = { app: parent, draft: undefined, user: 'customers/globex/users/1' };
  expect(await failureOf(config.cli.checkSetup(request, soon))).toMatchObject({ fieldViolations: [{ field: 'user' }] });
  expect(await failureOf(config.cli.previewMapping(request, soon))).toMatchObject({
    fieldViolations: [{ field: 'user' }],
  });
});
