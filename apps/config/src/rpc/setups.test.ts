import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { ProvisioningSetup_State, type ProvisioningSetup } from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
afterAll(() => config.stop());

/** An app with a setup, inactive. */
async function makeSetup(fields: Parameters<typeof setupWith>[0] = {}): Promise<ProvisioningSetup> {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const { setup } = await config.cli.createSetup({ parent, setup: setupWith(fields), ...plain }, soon);
  return setup!;
}

const read = async (name: string) => (await config.cli.getSetup({ name }, soon)).setup!;

test('a new setup is inactive, holds the mapping of its template, and is read back as it was answered', async () => {
  const setup = await makeSetup({
    state: ProvisioningSetup_State.STATE_ACTIVE,
    etag: 'x',
    scope: { groups: ['a@b.example'] },
  });
  expect(setup).toMatchObject({
    state: ProvisioningSetup_State.STATE_INACTIVE,
    etag: String(setup.revision),
    templateVersion: 2,
    scope: { groups: ['a@b.example'] },
  });
  expect(setup.attributeMapping?.rows).toContainEqual(expect.objectContaining({ target: 'userName', required: true }));
  expect(await read(setup.name)).toEqual(setup);
});

test('an update changes the fields of its mask and nothing else', async () => {
  const before = await makeSetup({ scope: { groups: ['a'], persons: ['p'] } });
  const wanted = setupWith({ ...before, endpointUrl: 'https://other.example', scope: { groups: ['b'], persons: [] } });
  const { setup } = await config.cli.updateSetup({ setup: wanted, updateMask: ['scope.groups'], ...plain }, soon);
  expect(setup?.revision).toBeGreaterThan(before.revision);
  const { etag, revision, updateTime } = setup!;
  expect(setup).toEqual({ ...before, etag, revision, updateTime, scope: { ...before.scope, groups: ['b'] } });
  expect(await read(before.name)).toEqual(setup);
});

test('a write that changes nothing takes no revision', async () => {
  const setup = await makeSetup();
  const updated = await config.cli.updateSetup({ setup, updateMask: ['endpoint_url', 'matching'], ...plain }, soon);
  const deactivated = await config.cli.deactivateSetup({ name: setup.name, etag: setup.etag, ...plain }, soon);
  expect([updated.setup, deactivated.setup]).toEqual([setup, setup]);
});

test('a setup is activated, deactivated and deleted, and its history tells all of it', async () => {
  const { name, etag } = await makeSetup();
  const active = (await config.cli.activateSetup({ name, etag, ...plain }, soon)).setup!;
  expect(active.state).toBe(ProvisioningSetup_State.STATE_ACTIVE);
  const inactive = (await config.cli.deactivateSetup({ name, etag: active.etag, ...plain }, soon)).setup!;
  expect(inactive.state).toBe(ProvisioningSetup_State.STATE_INACTIVE);
  await config.cli.deleteSetup({ name, etag: inactive.etag, ...plain }, soon);
  expect(await failureOf(read(name))).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
  const first = await config.cli.listSetupRevisions({ parent: name, pageSize: 3, pageToken: '' }, soon);
  const rest = await config.cli.listSetupRevisions({ parent: name, pageSize: 3, pageToken: first.nextPageToken }, soon);
  const history = [...first.revisions, ...rest.revisions];
  expect(history.map(({ setup }) => setup?.state)).toEqual([undefined, 1, 2, 1]);
  expect(history.every(({ caller }) => caller === 'cli')).toBe(true);
  expect(rest.nextPageToken).toBe('');
});

test('a deleted setup can be created again, under a higher revision', async () => {
  const { name, etag, revision } = await makeSetup();
  await config.cli.deleteSetup({ name, etag, ...plain }, soon);
  const parent = name.replace('/setup', '');
  const { setup } = await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon);
  expect(setup?.revision).toBeGreaterThan(revision);
});

test('two creates at once make one setup', async () => {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const calls = [1, 2].map(() => config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon));
  const results = await Promise.allSettled(calls);
  expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('of two updates with one etag, one wins and the other is told', async () => {
  const setup = await makeSetup();
  const updates = ['https://a.example', 'https://b.example'].map((endpointUrl) =>
    config.cli.updateSetup({ setup: { ...setup, endpointUrl }, updateMask: ['endpoint_url'], ...plain }, soon),
  );
  const results = await Promise.allSettled(updates);
  const lost = results.flatMap((result) => (result.status === 'rejected' ? [rpcErrorOf(result.reason)] : []));
  expect(lost).toMatchObject([{ code: status.ABORTED, reason: 'STALE_SETUP_CHANGED' }]);
});

test('late writes get the published failures and leave no half-saved state', async () => {
  const { name, etag } = await makeSetup();
  const parent = name.replace('/setup', '');
  const gone = await makeSetup();
  await config.cli.deleteSetup({ name: gone.name, etag: gone.etag, ...plain }, soon);
  const before = await readEverything(config);

  expect(await failureOf(config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon))).toMatchObject({
    code: status.ALREADY_EXISTS,
    reason: 'STALE_SETUP_EXISTS',
    localizedMessage: 'Your page is stale. Provisioning setup exists.',
  });
  const update = { setup: { ...gone, endpointUrl: 'https://a.example' }, updateMask: ['endpoint_url'], ...plain };
  expect(await failureOf(config.cli.updateSetup(update, soon))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'STALE_SETUP_MISSING',
    localizedMessage: 'Your page is stale. Provisioning setup does not exist.',
  });
  const { name: goneName, etag: goneEtag } = gone;
  expect(await failureOf(config.cli.activateSetup({ name: goneName, etag: goneEtag, ...plain }, soon))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'STALE_ACTIVATE_UNCONFIGURED',
    localizedMessage: "Your page is stale. Can't activate an unconfigured provisioning setup.",
  });
  expect(await failureOf(config.cli.deleteSetup({ name: goneName, etag: goneEtag, ...plain }, soon))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'STALE_DELETE_UNCONFIGURED',
    localizedMessage: "Your page is stale. Can't delete an unconfigured provisioning setup.",
  });
  expect(await failureOf(config.cli.deleteSetup({ name, etag: '1', ...plain }, soon))).toMatchObject({
    code: status.ABORTED,
    reason: 'STALE_SETUP_CHANGED',
    metadata: { setup: name, currentEtag: etag },
    localizedMessage: 'Error while updating provisioning configuration',
  });
  expect(await readEverything(config)).toEqual(before);
});

test('a bad URL and all other faults of a request are told at once, and leave no half-saved state', async () => {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const before = await readEverything(config);
  const setup = setupWith({ endpointUrl: 'http://user@localhost/', matching: { attributes: ['shoeSize'] } });
  expect(
    await failureOf(config.cli.createSetup({ parent, setup, validateOnly: false, requestId: '7' }, soon)),
  ).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'ENDPOINT_INVALID',
    localizedMessage: 'SCIM Endpoint URL provided is invalid',
    fieldViolations: [
      { field: 'request_id' },
      { field: 'setup.endpoint_url' },
      { field: 'setup.matching.attributes[0]' },
    ],
  });
  expect(await readEverything(config)).toEqual(before);
});

test.each([
  ['colour', /unknown/],
  ['state', /ActivateSetup/],
  ['revision', /set by the service/],
])('the update_mask field %s is refused and leaves no half-saved state', async (path, advice) => {
  const setup = await makeSetup();
  const before = await readEverything(config);
  const changed = { ...setup, endpointUrl: 'https://other.example' };
  const update = config.cli.updateSetup({ setup: changed, updateMask: ['endpoint_url', path], ...plain }, soon);
  expect(await failureOf(update)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field: 'update_mask.paths[1]', description: expect.stringMatching(advice) }],
  });
  expect(await readEverything(config)).toEqual(before);
});

test('a part that contradicts what is stored is refused', async () => {
  const seconds = (n: bigint) => ({ seconds: n, nanos: 0 });
  const setup = await makeSetup({ scope: { groups: ['a'] } });
  const wanted = { ...setup, deprovisioning: { deleted: { suspendAfter: seconds(9n), deleteAfter: seconds(1n) } } };
  const update = config.cli.updateSetup(
    { setup: wanted as ProvisioningSetup, updateMask: ['deprovisioning.deleted'], ...plain },
    soon,
  );
  expect(await failureOf(update)).toMatchObject({
    fieldViolations: [{ field: 'setup.deprovisioning.deleted.delete_after' }],
  });
});

test('validate_only checks a write whole and stores nothing', async () => {
  const { name, etag } = await makeSetup();
  const before = await readEverything(config);
  const only = { validateOnly: true, requestId: randomUUID() };
  const parent = await installApp(config, 'validated', 'crm').then(async (app) => {
    expect((await config.cli.createSetup({ parent: app, setup: setupWith(), ...only }, soon)).setup?.revision).toBe(0n);
    return app;
  });
  await config.cli.activateSetup({ name, etag, ...only }, soon);
  await config.cli.deleteSetup({ name, etag, ...only }, soon);
  await config.cli.deleteApp({ name: parent, validateOnly: true }, soon);
  expect(await failureOf(config.cli.activateSetup({ name, etag: '1', ...only }, soon))).toMatchObject({
    reason: 'STALE_SETUP_CHANGED',
  });
  expect((await readEverything(config)).changes).toEqual(before.changes);
});

test('a repeat of a request_id gets the first answer and writes once', async () => {
  const { name, etag } = await makeSetup();
  const once = { validateOnly: false, requestId: randomUUID() };
  const first = await config.cli.activateSetup({ name, etag, ...once }, soon);
  const before = await readEverything(config);
  expect(await config.cli.activateSetup({ name, etag, ...once }, soon)).toEqual(first);
  const both = await Promise.all([1, 2].map(() => config.cli.activateSetup({ name, etag, ...once }, soon)));
  expect(both).toEqual([first, first]);
  expect(await readEverything(config)).toEqual(before);
});

test('a create repeated at the same time as the first is answered as the first', async () => {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const once = { validateOnly: false, requestId: randomUUID() };
  const [a, b] = await Promise.all(
    [1, 2].map(() => config.cli.createSetup({ parent, setup: setupWith(), ...once }, soon)),
  );
  expect(a).toEqual(b);
});

test('a request_id of another request is refused and leaves no half-saved state', async () => {
  const { name, etag } = await makeSetup();
  const once = { validateOnly: false, requestId: randomUUID() };
  await config.cli.activateSetup({ name, etag, ...once }, soon);
  const before = await readEverything(config);
  expect(await failureOf(config.cli.deactivateSetup({ name, etag, ...once }, soon))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field: 'request_id' }],
  });
  expect(await readEverything(config)).toEqual(before);
});
