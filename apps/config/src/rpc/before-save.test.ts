import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import {
  CheckGroupsResponse,
  GetTargetSchemaResponse,
  ListCustomSchemasResponse,
  ProbeEndpointResponse,
  SetupCheck_Result,
  type CheckGroupsRequest,
  type ProvisioningSetup,
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

type Wish = Parameters<typeof setupWith>[0];

const newApp = () => installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
const create = (parent: string, wish: Wish = {}, how: object = {}) =>
  config.cli.createSetup({ parent, setup: setupWith(wish), ...plain, ...how }, soon);
const update = (setup: ProvisioningSetup, updateMask: string[]) =>
  config.cli.updateSetup({ setup, updateMask, ...plain }, soon);
const makeSetup = async (wish: Wish = {}) => {
  const { setup } = await create(await newApp(), wish);
  config.outside.reset();
  return setup!;
};

const row = (target: string, attribute: string) => ({
  target,
  source: { $case: 'attribute' as const, value: attribute },
});
const userName = row('userName', 'primaryEmail');
const mappingOf = (...rows: ReturnType<typeof row>[]) => setupWith({ attributeMapping: { rows } }).attributeMapping;
const mapping = mappingOf(userName);
const probe = (fields: Partial<ProbeEndpointResponse>) => async () => ProbeEndpointResponse.fromPartial(fields);

const wrongEndpoint = { isScim: false, code: '45005', reason: 'WRONG_ENDPOINT', detail: '<html>' };
const refusedCredential = { isScim: true, code: '17010', reason: 'AUTH_REVOKED', detail: 'invalid token' };

test('no SCIM at the URL: the setup is refused with the published words, its field is named, nothing is stored', async () => {
  const parent = await newApp();
  const before = await readEverything(config);
  config.outside.push['probeEndpoint'] = probe(wrongEndpoint);
  for (const how of [{}, { validateOnly: true }]) {
    expect(await failureOf(create(parent, {}, how))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'ENDPOINT_INVALID',
      localizedMessage: 'SCIM Endpoint URL provided is invalid',
      metadata: { code: '45005', finer_reason: 'WRONG_ENDPOINT' },
      fieldViolations: [{ field: 'setup.endpoint_url', description: expect.stringContaining('<html>') }],
    });
  }
  expect(await readEverything(config)).toEqual(before);
});

test('a credential that is refused: AUTHENTICATION_FAILED with the published words, nothing is stored', async () => {
  const parent = await newApp();
  const before = await readEverything(config);
  config.outside.push['probeEndpoint'] = probe(refusedCredential);
  expect(await failureOf(create(parent))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'AUTHENTICATION_FAILED',
    localizedMessage: 'Authentication failed',
    message: expect.stringContaining('refuses the credential'),
    metadata: { code: '17010', finer_reason: 'AUTH_REVOKED' },
  });
  expect(await readEverything(config)).toEqual(before);
});

test.each(['SCIM_DISABLED', 'PLAN_REQUIRED'])(
  'a 403 that means %s says so, and does not claim that the credential is wrong',
  async (reason) => {
    config.outside.push['probeEndpoint'] = probe({ isScim: true, code: '45003', reason });
    expect(await failureOf(create(await newApp()))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      metadata: { code: '45003', finer_reason: reason },
      message: expect.stringMatching(/not because of the credential/),
    });
  },
);

const unknownOutcomes: [string, () => void, string[]][] = [
  [
    'a service provider that is down',
    () => {
      config.outside.push['probeEndpoint'] = probe({ code: '45004', reason: 'SP_UNAVAILABLE', retryable: true });
      config.outside.push['getTargetSchema'] = () =>
        refuse(status.UNAVAILABLE, 'FETCH_TARGET_ATTRIBUTES_FAILED', 'discovery fails');
    },
    ['endpoint', 'credential', 'target_schema'],
  ],
  [
    'a rate limit',
    () => {
      config.outside.push['probeEndpoint'] = probe({
        isScim: true,
        code: '45004',
        reason: 'RATE_LIMITED',
        retryable: true,
      });
    },
    ['credential'],
  ],
  [
    'no credential yet',
    () => {
      config.outside.push['probeEndpoint'] = probe({ code: '17010', reason: 'NO_CREDENTIAL' });
      config.outside.push['getTargetSchema'] = () =>
        refuse(status.FAILED_PRECONDITION, 'FETCH_TARGET_SCHEMA_FAILED', '/Users answers 401');
    },
    ['endpoint', 'credential', 'target_schema'],
  ],
  [
    'no answer of scim-pusher',
    () => {
      config.outside.push['probeEndpoint'] = silence;
      config.outside.push['getTargetSchema'] = silence;
    },
    ['endpoint', 'credential', 'target_schema'],
  ],
  [
    'no answer of directory-reader',
    () => {
      config.outside.directory['checkGroups'] = silence;
      config.outside.directory['listCustomSchemas'] = silence;
    },
    ['group sales@acme.example', 'mapping'],
  ],
  [
    'no delegation yet',
    () => {
      config.outside.directory['checkGroups'] = async ({ groups }: CheckGroupsRequest) =>
        CheckGroupsResponse.fromPartial({
          checks: groups.map((group) => ({ group, code: '17003', reason: 'DELEGATION_MISSING' })),
        });
      config.outside.directory['listCustomSchemas'] = () =>
        refuse(status.FAILED_PRECONDITION, 'FETCH_CUSTOM_ATTRIBUTES_FAILED', 'no delegation', { code: '17003' });
    },
    ['group sales@acme.example', 'mapping'],
  ],
];

test.each(unknownOutcomes)('%s refuses no setup, and is told as a warning', async (_, spoil, ids) => {
  spoil();
  const rows = [userName, row('title', 'customSchemas.Employment.title')];
  const schemas = { schemas: [{ schemaName: 'Employment', fields: [{ fieldName: 'title' }] }] };
  if (!ids.includes('mapping')) {
    config.outside.directory['listCustomSchemas'] = async () => ListCustomSchemasResponse.fromPartial(schemas);
  }
  const { setup, checks } = await create(await newApp(), {
    attributeMapping: { rows },
    scope: { groups: ['sales@acme.example'] },
  });
  expect(setup?.revision).toBeGreaterThan(0n);
  const warnings = checks.filter(({ result }) => result === SetupCheck_Result.RESULT_WARNING);
  expect(warnings.map(({ id }) => id)).toEqual(ids);
  expect(warnings.every(({ message }) => message !== '')).toBe(true);
  expect(checks.some(({ result }) => result === SetupCheck_Result.RESULT_FAILED)).toBe(false);
});

test.each([
  ['FETCH_TARGET_ATTRIBUTES_FAILED', status.UNAVAILABLE, "Couldn't fetch attributes from your target Service Provider"],
  ['FETCH_TARGET_SCHEMA_FAILED', status.FAILED_PRECONDITION, "Couldn't fetch your target resource schema"],
] as const)('a changed mapping is refused with %s when discovery fails so', async (reason, code, words) => {
  const setup = await makeSetup();
  const before = await readEverything(config);
  config.outside.push['getTargetSchema'] = () => refuse(code, reason, 'discovery fails');
  const failure = await failureOf(update({ ...setup, attributeMapping: mapping }, ['attribute_mapping']));
  expect(failure).toMatchObject({ code, reason, localizedMessage: words });
  expect(failure.retryAfterMs !== undefined).toBe(code === status.UNAVAILABLE);
  expect(await readEverything(config)).toEqual(before);
});

test.each([
  [status.UNAVAILABLE, '50001'],
  [status.FAILED_PRECONDITION, '17006'],
] as const)('a mapping with custom schemas that can not be read: %s, citing %s', async (code, cited) => {
  const setup = await makeSetup();
  const before = await readEverything(config);
  config.outside.directory['listCustomSchemas'] = () =>
    refuse(code, 'FETCH_CUSTOM_ATTRIBUTES_FAILED', 'not read', { code: cited, finer_reason: 'WHY' });
  const changed = { ...setup, attributeMapping: mappingOf(userName, row('title', 'customSchemas.Employment.title')) };
  expect(await failureOf(update(changed, ['attribute_mapping']))).toMatchObject({
    code,
    reason: 'FETCH_CUSTOM_ATTRIBUTES_FAILED',
    localizedMessage: "Couldn't fetch custom attributes",
    metadata: { code: cited, finer_reason: 'WHY' },
  });
  expect(await readEverything(config)).toEqual(before);
});

test('custom schemas and fields that the directory does not have are named, each by its row', async () => {
  const parent = await newApp();
  const schemas = { schemas: [{ schemaName: 'Employment', fields: [{ fieldName: 'badge' }] }] };
  config.outside.directory['listCustomSchemas'] = async () => ListCustomSchemasResponse.fromPartial(schemas);
  const rows = [
    userName,
    row('title', 'customSchemas.Employment.title'),
    row('nickName', 'customSchemas.Other.name'),
    row('displayName', 'customSchemas.Employment.badge'),
  ];
  expect(await failureOf(create(parent, { attributeMapping: { rows } }))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [
      { field: 'setup.attribute_mapping.rows[1].attribute', description: expect.stringContaining('badge') },
      { field: 'setup.attribute_mapping.rows[2].attribute' },
    ],
  });
});

test('a mapping that the schema of the service provider contradicts is refused, each row named; a template’s is not', async () => {
  const before = await readEverything(config);
  const attributes = [{ path: 'userName', type: 'string', mutability: 'readWrite' }];
  config.outside.push['getTargetSchema'] = async () =>
    GetTargetSchemaResponse.fromPartial({ schema: { discovered: true, attributes } });
  const setup = await makeSetup();
  config.outside.push['getTargetSchema'] = async () =>
    GetTargetSchemaResponse.fromPartial({ schema: { discovered: true, attributes } });
  const changed = { ...setup, attributeMapping: mappingOf(userName, row('nickName', 'name.givenName')) };
  expect(await failureOf(update(changed, ['attribute_mapping']))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field: 'setup.attribute_mapping.rows[1].target' }],
  });
  expect((await readEverything(config)).changes.changes).toHaveLength(before.changes.changes.length + 1);
  await update({ ...setup, attributeMapping: mappingOf(userName) }, ['attribute_mapping']);
});

test('mapping tests run on every change of the mapping; one that fails names what it is and what it should be', async () => {
  const user = { primaryEmail: 'ada@acme.example' };
  const mappingTests = [
    { name: 'ada', user, expected: { userName: 'ada@acme.example' } },
    { name: 'again', user, expected: { userName: 'ada@acme.example' } },
  ];
  const setup = await makeSetup({ attributeMapping: { rows: [userName] }, mappingTests });
  const before = await readEverything(config);
  const changed = { ...setup, attributeMapping: mappingOf(row('userName', 'name.givenName')) };
  const failure = await failureOf(update(changed, ['attribute_mapping']));
  expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'INVALID_REQUEST' });
  expect(failure.fieldViolations).toEqual([
    { field: 'setup.mapping_tests[0]', description: expect.stringMatching(/absent.*ada@acme\.example/) },
    { field: 'setup.mapping_tests[1]', description: expect.stringMatching(/absent.*ada@acme\.example/) },
  ]);
  expect(await readEverything(config)).toEqual(before);
});

test('groups that do not exist are named, each by its place', async () => {
  const setup = await makeSetup();
  const before = await readEverything(config);
  config.outside.directory['checkGroups'] = async ({ groups }: CheckGroupsRequest) =>
    CheckGroupsResponse.fromPartial({
      checks: groups.map((group) =>
        group.startsWith('gone') ? { group, code: '50005', reason: 'GROUP_MISSING' } : { group, found: true },
      ),
    });
  const groups = ['sales@acme.example', 'gone@acme.example'];
  const changed = { ...setup, ...setupWith({ ...setup, scope: { groups } }) };
  expect(await failureOf(update(changed, ['scope']))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    metadata: { code: '50005' },
    fieldViolations: [{ field: 'setup.scope.groups[1]' }],
  });
  expect(await readEverything(config)).toEqual(before);
});

test('more groups than one question may hold are all checked', async () => {
  const groups = Array.from({ length: 250 }, (_, i) => `group${i}@acme.example`);
  const { checks } = await create(await newApp(), { scope: { groups } });
  expect(checks.filter(({ id }) => id.startsWith('group '))).toHaveLength(250);
  expect(config.outside.requests('checkGroups')).toHaveLength(3);
});

test('what a change does not touch is not asked for, and refuses nothing', async () => {
  const setup = await makeSetup({ scope: { groups: ['sales@acme.example'] } });
  config.outside.push['probeEndpoint'] = probe(refusedCredential);
  config.outside.directory['checkGroups'] = silence;
  const { deprovisioning } = setupWith({ deprovisioning: { deleted: { suspendAfter: { seconds: 9n, nanos: 0 } } } });
  await update({ ...setup, deprovisioning }, ['deprovisioning']);
  expect(config.outside.asked()).toEqual([]);
});

test('a changed mapping is stored although the credential is refused meanwhile: that is told', async () => {
  const setup = await makeSetup();
  config.outside.push['probeEndpoint'] = probe(refusedCredential);
  const { checks } = await update({ ...setup, attributeMapping: mapping }, ['attribute_mapping']);
  expect(checks).toContainEqual(
    expect.objectContaining({ id: 'credential', result: SetupCheck_Result.RESULT_WARNING }),
  );
});

test('every way to change a setup makes the same checks, and names the fields of its own request', async () => {
  const setup = await makeSetup();
  const { name, etag } = setup;
  const gone = async ({ groups }: CheckGroupsRequest) =>
    CheckGroupsResponse.fromPartial({ checks: groups.map((group) => ({ group, code: '50005' })) });
  const part = { name, etag, ...plain };
  const fieldsOf = async (call: Promise<unknown>) => (await failureOf(call)).fieldViolations.map(({ field }) => field);
  const scope = setupWith({ scope: { groups: ['gone@acme.example'] } }).scope;
  const { checks } = await config.cli.updateGroupSettings({ ...part, scope, validateOnly: true }, soon);
  expect(checks).toMatchObject([{ id: 'group gone@acme.example', result: SetupCheck_Result.RESULT_PASSED }]);
  config.outside.directory['checkGroups'] = gone;
  expect(await fieldsOf(config.cli.updateGroupSettings({ ...part, scope }, soon))).toEqual(['scope.groups[0]']);

  const { mappingTests } = setupWith({ mappingTests: [{ name: 'ada', user: {}, expected: { userName: 'ada' } }] });
  const update = config.cli.updateAttributeMapping({ ...part, attributeMapping: mapping, mappingTests }, soon);
  expect(await fieldsOf(update)).toEqual(['mapping_tests[0]']);

  config.outside.reset();
  const named = (await config.cli.updateGroupSettings({ ...part, scope }, soon)).setup!;
  const emptied = (await config.cli.updateGroupSettings({ ...part, etag: named.etag, scope: setupWith().scope }, soon))
    .setup!;
  config.outside.directory['checkGroups'] = gone;
  const rollback = { ...part, etag: emptied.etag, revision: named.revision };
  expect(await fieldsOf(config.cli.rollbackSetup(rollback, soon))).toEqual(['setup.scope.groups[0]']);
});

test('an endpoint that is not of the form of its template is not asked', async () => {
  const customer = (await newApp()).split('/apps/')[0]!;
  const app = { name: '', displayName: 'GitHub', template: 'templates/github', etag: '', createTime: undefined };
  await config.cli.createApp({ parent: customer, appId: 'github', app, ...plain }, soon);
  config.outside.reset();
  const call = create(`${customer}/apps/github`, { endpointUrl: 'https://api.example.com/scim/v2' });
  expect(await failureOf(call)).toMatchObject({
    reason: 'ENDPOINT_INVALID',
    fieldViolations: [{ field: 'setup.endpoint_url', description: expect.stringContaining('api.github.com') }],
  });
  expect(config.outside.asked()).toEqual([]);
});

test('a late write is told so before anybody outside is asked', async () => {
  const setup = await makeSetup();
  const stale = { ...setup, etag: '1', endpointUrl: 'https://other.example' };
  config.outside.push['probeEndpoint'] = probe(wrongEndpoint);
  expect(await failureOf(update(stale, ['endpoint_url']))).toMatchObject({ reason: 'STALE_SETUP_CHANGED' });
  const parent = setup.name.replace('/setup', '');
  expect(await failureOf(create(parent))).toMatchObject({ reason: 'STALE_SETUP_EXISTS' });
  expect(config.outside.asked()).toEqual([]);
});

test('of two editors at once one wins and the other is told, also when the checks outside take their time', async () => {
  const setup = await makeSetup();
  const waiting: (() => void)[] = [];
  config.outside.push['probeEndpoint'] = async () => {
    // Both have passed the first look at the etag before either goes on.
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 2) for (const goOn of waiting) goOn();
    });
    return ProbeEndpointResponse.fromPartial({ isScim: true, isAuthorized: true });
  };
  const edits = ['https://a.example', 'https://b.example'].map((endpointUrl) =>
    update({ ...setup, endpointUrl }, ['endpoint_url']),
  );
  const results = await Promise.allSettled(edits);
  const lost = results.flatMap((result) => (result.status === 'rejected' ? [rpcErrorOf(result.reason)] : []));
  expect(lost).toMatchObject([{ code: status.ABORTED, reason: 'STALE_SETUP_CHANGED' }]);
  const { revisions } = await config.cli.listSetupRevisions({ parent: setup.name, pageSize: 0, pageToken: '' }, soon);
  expect(revisions).toHaveLength(2);
});

test('a repeat of a request_id gets the first answer, whatever has become of the world outside', async () => {
  const parent = await newApp();
  const once = { requestId: randomUUID() };
  const first = await create(parent, {}, once);
  config.outside.push['probeEndpoint'] = probe(wrongEndpoint);
  expect(await create(parent, {}, once)).toEqual(first);
});

test('the schema of the service provider stands in where it has none of its own, and its note is handed on', async () => {
  const note = 'it has no /Schemas: the attributes are those of RFC 7643';
  config.outside.push['getTargetSchema'] = async () => GetTargetSchemaResponse.fromPartial({ schema: { note } });
  const { checks } = await create(await newApp());
  expect(checks).toContainEqual(
    expect.objectContaining({ id: 'target_schema', result: SetupCheck_Result.RESULT_PASSED, message: note }),
  );
});

test('groups are pushed where they exist and the service provider has groups; nothing else keeps a setup from being saved', async () => {
  const setup = await makeSetup();
  const pushedGroups = [{ group: 'sales@example.com', displayName: '' }];
  const push = (has: { hasGroups?: boolean }) => {
    config.outside.push['probeEndpoint'] = probe({ isScim: true, isAuthorized: true, ...has });
    return update({ ...setup, pushedGroups }, ['pushed_groups']);
  };
  expect(await failureOf(push({ hasGroups: false }))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field: 'setup.pushed_groups', description: expect.stringContaining('no SCIM Groups') }],
  });
  config.outside.directory['checkGroups'] = async ({ groups }: CheckGroupsRequest) =>
    CheckGroupsResponse.fromPartial({
      checks: groups.map((group) => ({ group, code: '50005', reason: 'GROUP_MISSING' })),
    });
  expect(await failureOf(push({ hasGroups: true }))).toMatchObject({
    fieldViolations: [{ field: 'setup.pushed_groups[0].group' }],
  });
  config.outside.reset();
  const saved = await push({});
  expect(saved.setup!.pushedGroups).toEqual(pushedGroups);
  expect(saved.checks).toContainEqual(expect.objectContaining({ id: 'pushed_groups', reason: 'GROUPS_UNKNOWN' }));
  expect(saved.checks).toContainEqual(expect.objectContaining({ id: 'group sales@example.com' }));
});
