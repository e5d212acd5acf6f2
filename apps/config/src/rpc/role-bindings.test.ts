import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { RoleBinding_Role } from '@autoprov/proto';
import { failureOf, installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';

const { ROLE_VIEWER, ROLE_OPERATOR, ROLE_APPROVER } = RoleBinding_Role;
type Client = ConfigForTests['cli'];

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
  for (const customer of ['acme', 'globex']) await installApp(config, customer, 'crm');
});
afterAll(() => config.stop());

function grant(
  member: string,
  role: RoleBinding_Role,
  parent: string,
  { client = config.cli, ...more }: { client?: Client; validateOnly?: boolean; requestId?: string } = {},
) {
  return client.createRoleBinding({ parent, roleBinding: { name: '', member, role }, ...plain, ...more }, soon);
}

async function list(parent: string, member = '') {
  const page = { parent, member, pageSize: 0, pageToken: '' };
  return (await config.cli.listRoleBindings(page, soon)).roleBindings;
}

/** Takes all roles of everybody away. */
async function revokeAll(): Promise<void> {
  for (const { name } of await list('customers/-')) {
    await config.cli.deleteRoleBinding({ name, validateOnly: false }, soon);
  }
}

test('a role is given, listed for its customer and for all, and taken away', async () => {
  const { roleBinding } = await grant('workload:hr-portal', ROLE_OPERATOR, 'customers/acme');
  expect(roleBinding).toMatchObject({
    name: expect.stringMatching(/^customers\/acme\/roleBindings\/[\da-f]{20}$/),
    member: 'workload:hr-portal',
    role: ROLE_OPERATOR,
    createTime: expect.any(Date),
  });
  const { roleBinding: everywhere } = await grant('person:Ann@Acme.example', ROLE_VIEWER, 'customers/-');
  expect(everywhere!.member).toBe('person:ann@acme.example');
  expect(await list('customers/acme')).toEqual([roleBinding]);
  expect(await list('customers/-')).toEqual([everywhere, roleBinding]);
  expect(await list('customers/-', 'person:ANN@acme.example')).toEqual([everywhere]);
  await revokeAll();
  expect(await list('customers/-')).toEqual([]);
});

test('pages of bindings follow each other without gap or overlap', async () => {
  for (const member of ['workload:a', 'workload:b', 'workload:c']) {
    for (const parent of ['customers/acme', 'customers/-']) await grant(member, ROLE_VIEWER, parent);
  }
  const names: string[] = [];
  let pageToken = '';
  do {
    const request = { parent: 'customers/-', member: '', pageSize: 1, pageToken };
    const page = await config.cli.listRoleBindings(request, soon);
    names.push(...page.roleBindings.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(names).toEqual((await list('customers/-')).map(({ name }) => name));
  expect(names).toHaveLength(6);
  await revokeAll();
});

test('a role that the member has there already is not given twice, and a repeated request gives it once', async () => {
  const requestId = '8d3f1c7e-3f5b-4d0a-9b57-2f4b8a1c0e11';
  const first = await grant('workload:hr-portal', ROLE_VIEWER, 'customers/acme', { requestId });
  expect(await grant('workload:hr-portal', ROLE_VIEWER, 'customers/acme', { requestId })).toEqual(first);
  expect(await failureOf(grant('workload:hr-portal', ROLE_VIEWER, 'customers/acme'))).toMatchObject({
    code: status.ALREADY_EXISTS,
    reason: 'RESOURCE_EXISTS',
  });
  await revokeAll();
});

test('what is only to be checked is not stored', async () => {
  await grant('workload:hr-portal', ROLE_VIEWER, 'customers/acme', { validateOnly: true });
  expect(await list('customers/-')).toEqual([]);
});

test.each([
  ['role_binding.member', 'hr-portal', ROLE_VIEWER, 'customers/acme'],
  ['role_binding.member', 'person:ann', ROLE_VIEWER, 'customers/acme'],
  ['role_binding.member', 'person:\u212Aate@acme.example', ROLE_VIEWER, 'customers/acme'],
  ['role_binding.member', 'workload:HR Portal', ROLE_VIEWER, 'customers/acme'],
  ['role_binding.role', 'workload:x', RoleBinding_Role.ROLE_UNSPECIFIED, 'customers/acme'],
  ['parent', 'workload:x', ROLE_VIEWER, 'customers/ACME'],
])('a wrong %s is refused: %s', async (field, member, role, parent) => {
  expect(await failureOf(grant(member, role, parent))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [expect.objectContaining({ field })],
  });
});

test('a role for a customer that does not exist is refused, and roles go with their customer', async () => {
  expect(await failureOf(grant('workload:x', ROLE_VIEWER, 'customers/none'))).toMatchObject({ code: status.NOT_FOUND });
  const customer = { name: '', displayName: 'Brief', etag: '' };
  await config.cli.createCustomer({ customerId: 'brief', customer, ...plain }, soon);
  await grant('workload:stranger', ROLE_OPERATOR, 'customers/brief');
  await config.cli.deleteCustomer({ name: 'customers/brief', validateOnly: false }, soon);
  expect(await list('customers/-')).toEqual([]);
});

test('a workload does for its customer what its role allows, and for nobody else anything', async () => {
  const { stranger } = config;
  expect(await failureOf(stranger.getApp({ name: 'customers/acme/apps/crm' }, soon))).toMatchObject({
    code: status.PERMISSION_DENIED,
    reason: 'CALLER_NOT_ALLOWED',
  });
  await grant('workload:stranger', ROLE_VIEWER, 'customers/acme');
  await stranger.getApp({ name: 'customers/acme/apps/crm' }, soon);
  const refused = { code: status.PERMISSION_DENIED, reason: 'ROLE_MISSING' };
  const calls = [
    stranger.getApp({ name: 'customers/globex/apps/crm' }, soon),
    stranger.deleteApp({ name: 'customers/acme/apps/crm', validateOnly: true }, soon),
    stranger.listCustomers({ pageSize: 0, pageToken: 'customers/acme' }, soon),
    stranger.listRoleBindings({ parent: 'customers/-', member: 'workload:stranger', pageSize: 0, pageToken: '' }, soon),
  ];
  for (const call of calls) expect(await failureOf(call)).toMatchObject(refused);
  // No role opens what only services may call.
  expect(await failureOf(stranger.listSetupChanges({ sinceRevision: 0n, pageSize: 0 }, soon))).toMatchObject({
    reason: 'CALLER_NOT_ALLOWED',
  });
  await revokeAll();
});

test('nobody gives or takes a role higher than their own, nor any without a role for all customers', async () => {
  const { stranger: client } = config;
  const refused = { code: status.PERMISSION_DENIED, reason: 'ROLE_MISSING' };
  const { roleBinding: high } = await grant('workload:other', ROLE_APPROVER, 'customers/acme');
  await grant('workload:stranger', ROLE_APPROVER, 'customers/acme');
  expect(await failureOf(grant('workload:x', ROLE_VIEWER, 'customers/acme', { client }))).toMatchObject(refused);
  await grant('workload:stranger', ROLE_OPERATOR, 'customers/-');
  for (const parent of ['customers/acme', 'customers/-']) {
    expect(await failureOf(grant('workload:stranger', ROLE_APPROVER, parent, { client }))).toMatchObject(refused);
  }
  const taking = client.deleteRoleBinding({ name: high!.name, validateOnly: false }, soon);
  expect(await failureOf(taking)).toMatchObject(refused);
  await grant('workload:x', ROLE_OPERATOR, 'customers/globex', { client });
  await revokeAll();
});
