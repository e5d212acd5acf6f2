import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { App, Customer, ProvisioningSetup, RoleBinding, RoleBinding_Role } from '@autoprov/proto';
import {
  makeServiceAccountKey,
  createCertificates,
  createNetworkClients,
  plainCompany,
  serviceNames,
  waitUntil,
} from '@autoprov/testing';
import type { Network, NetworkClients } from '@autoprov/testing';
import { everyMethod, everyTextField, mergeJson, type Ended, type Method } from './every-method.ts';
import { startIdentityProvider, type IdentityProvider } from './identity-provider.ts';
import { reportCheck } from './report-check.ts';
import { runAutoprov } from './run-process.ts';
import { call, startCompany } from './start-company.ts';

/** Only services themselves may call these, whatever roles there are. */
const onlyForServices = [
  'GetDirectoryAccessToken',
  'GetAppAuthorization',
  'RevokeAppAccess',
  'IdentifyDirectory',
  'ResendUsers',
  'ListSetupChanges',
];
/** These are about the installation: a role for one customer is not enough. */
const onlyForAllCustomers = [
  'CreateCustomer',
  'ListCustomers',
  'DeleteCustomer',
  'CreateRoleBinding',
  'DeleteRoleBinding',
  'ListParkedEvents',
  'ReplayParkedEvents',
  'InspectEndpoint',
];
/** These need another role than the callers have, who are operators. */
const onlyForApprovers = ['ApproveHeldActions', 'ReleaseHold'];
/** What these answer is no customer's. */
const ofNobody = ['ListTemplates'];

/** In everything of globex that a person writes. */
const marker = 'hush';
const write = { validateOnly: false, requestId: '' };
const methods = everyMethod();

let identityProvider: IdentityProvider;
let network: Network;
let portal: NetworkClients;
/** Names that exist, by customer. */
const names: Record<string, string[]> = {};

beforeAll(async () => {
  identityProvider = await startIdentityProvider();
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  const env = Object.fromEntries(serviceNames.map((service) => [service, identityProvider.env]));
  network = await startCompany('foreign-customers', { people, env });
  for (const customer of ['acme', 'globex']) names[customer] = await fill(customer);
  const { services } = await createCertificates(join(network.dir, 'tls'), ['hr-portal']);
  portal = createNetworkClients(network.addresses, services['hr-portal']!);
  await grant('workload:hr-portal', 'customers/acme');
  await grant('person:ann@acme.example', 'customers/acme');
});

afterAll(async () => {
  for (const client of Object.values(portal ?? {})) client.close();
  await network?.stop();
  await identityProvider?.stop();
});

const until = (what: string, isDone: () => Promise<boolean>) => waitUntil(what, isDone, Date.now() + 30_000);

async function grant(member: string, parent: string, role: RoleBinding_Role = RoleBinding_Role.ROLE_OPERATOR) {
  const roleBinding = RoleBinding.fromPartial({ member, role });
  const answer = await network.clients.config.createRoleBinding({ parent, roleBinding, ...write }, call);
  return answer.roleBinding!.name;
}

/** Gives a customer one of everything, and answers the names of it all. */
async function fill(id: string): Promise<string[]> {
  const { clients, directory, people, serviceProvider } = network;
  const { config, tokenBroker } = clients;
  const [customer, app] = [`customers/${id}`, `customers/${id}/apps/wiki`];
  const displayName = id === 'globex' ? marker : 'Acme';
  await config.createCustomer({ customerId: id, customer: Customer.fromPartial({ displayName }), ...write }, call);
  // A service account belongs to one customer.
  const key = id === 'globex' ? directory.serviceAccountKey() : makeServiceAccountKey();
  const serviceAccountKeyJson = JSON.stringify(key);
  const delegation = { customer, serviceAccountKeyJson, adminEmail: people.adminEmail, validateOnly: false };
  await tokenBroker.setDelegation(delegation, call);
  const wiki = App.fromPartial({ displayName, template: 'templates/scim-in-house' });
  await config.createApp({ parent: customer, appId: 'wiki', app: wiki, ...write }, call);
  const secret = { $case: 'bearerToken', value: serviceProvider.access.token } as const;
  const credential = { app, secret, expireTime: undefined, keepPrevious: false, validateOnly: false };
  await tokenBroker.setCredential(credential, call);
  const setup = ProvisioningSetup.fromPartial({ endpointUrl: serviceProvider.access.baseUrl });
  const created = await config.createSetup({ parent: app, setup, ...write }, call);
  if (id === 'globex') {
    await config.activateSetup({ name: `${app}/setup`, etag: created.setup!.etag, ...write }, call);
    await network.settle();
  }
  const user = `${customer}/users/${[...people.state.users.keys()][0]}`;
  const below = [`${app}/setup`, `${app}/credential`, `${app}/accounts/1`, `${customer}/delegation`];
  const binding = await grant('workload:nobody', customer);
  return [
    customer,
    app,
    user,
    ...below,
    binding,
    (await reportCheck(network, { subject: customer, code: '17010', detail: displayName }))!,
  ];
}

type Caller = { clients: NetworkClients; metadata: Record<string, string> };

/** A workload with a role of its own, and a person with one who comes through a workload that needs none. */
const callers: [string, () => Promise<Caller>][] = [
  ['a workload', async () => ({ clients: portal, metadata: {} })],
  [
    'a person',
    async () => ({ clients: network.clients, metadata: await identityProvider.authorize('ann@acme.example') }),
  ],
];

/** Runs all, some at a time. */
async function forAll<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

function isDenied({ failure }: Ended): boolean {
  return failure?.code === status.PERMISSION_DENIED && ['ROLE_MISSING', 'CALLER_NOT_ALLOWED'].includes(failure.reason);
}

function asText(ended: Ended): string {
  return JSON.stringify(ended, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Every method with each name in the place that says what the request is for. */
function aimedAt(customer: string): { method: Method; request: object; what: string }[] {
  return methods.flatMap((method) =>
    method.target === undefined
      ? [{ method, request: {}, what: method.path }]
      : names[customer]!.map((name) => ({
          method,
          request: method.target!.holding(name),
          what: `${method.path} ${method.target!.path}=${name}`,
        })),
  );
}

test.each(callers)('every method refuses %s for a foreign customer, and tells nothing', async (_, callerOf) => {
  const { clients, metadata } = await callerOf();
  const leaks: string[] = [];
  const calls = aimedAt('globex').filter(({ method }) => !ofNobody.includes(method.name));
  await forAll(calls, async ({ method, request, what }) => {
    const ended = await method.call(clients, request as never, metadata);
    if (!isDenied(ended) || asText(ended).includes(marker)) leaks.push(`${what}: ${asText(ended)}`);
  });
  expect(leaks).toEqual([]);
  expect(calls.length).toBeGreaterThan(methods.length * 5);
});

test.each(callers)('a foreign name in any other place of a request of %s refuses it, too', async (_, callerOf) => {
  const { clients, metadata } = await callerOf();
  const own = names['acme']!;
  const passed: string[] = [];
  const calls = methods.flatMap((method) => method.others.map((other) => ({ method, other })));
  await forAll(calls, async ({ method, other }) => {
    const aim = method.target?.holding(own[1]!) ?? {};
    const request = mergeJson(aim, other.holding('customers/globex/apps/wiki'));
    if (!isDenied(await method.call(clients, request, metadata))) passed.push(`${method.path} ${other.path}`);
  });
  expect(passed).toEqual([]);
  const tried = new Set(
    [...calls.map(({ other }) => other), ...methods.map(({ target }) => target)].map((at) => at?.field),
  );
  expect(everyTextField().filter((field) => !tried.has(field))).toEqual([]);
});

test.each(callers)(
  'every method lets %s through to the customer of its role, but for those named',
  async (_, callerOf) => {
    const { clients, metadata } = await callerOf();
    const closed = [...onlyForServices, ...onlyForAllCustomers, ...onlyForApprovers];
    const wrong: string[] = [];
    await forAll(aimedAt('acme'), async ({ method, request, what }) => {
      const isFailure = what.includes('=failures/');
      if (isFailure && !['GetFailure', 'DismissFailure', 'ReopenFailure'].includes(method.name)) return;
      const ended = await method.call(clients, request as never, metadata);
      if (isDenied(ended) !== closed.includes(method.name)) wrong.push(`${what}: ${asText(ended)}`);
      if (/globex|hush/.test(asText({ answer: ended.answer }))) wrong.push(`${what} leaks`);
    });
    expect(wrong).toEqual([]);
    const known = methods.map(({ name }) => name);
    for (const name of [...closed, ...ofNobody]) expect(known).toContain(name);
  },
);

async function failureOf(answer: Promise<unknown>) {
  return answer.then(() => undefined, rpcErrorOf);
}

test('a person by a workload with a role does what both may', async () => {
  await grant('person:gil@globex.example', 'customers/globex');
  const gil = { ...call, metadata: await identityProvider.authorize('Gil@Globex.example') };
  for (const customer of ['acme', 'globex']) {
    const answer = portal.config.getCustomer({ name: `customers/${customer}` }, gil);
    expect(await failureOf(answer)).toMatchObject({ reason: 'ROLE_MISSING' });
  }
  const ann = { ...call, metadata: await identityProvider.authorize('ann@acme.example') };
  expect(await portal.config.getCustomer({ name: 'customers/acme' }, ann)).toMatchObject({
    customer: { displayName: 'Acme' },
  });
});

test('every service refuses a token that has ended', async () => {
  const { config, tokenBroker, directory, push, failures } = network.clients;
  const late = { ...call, metadata: await identityProvider.authorize('ann@acme.example', '-1m') };
  const calls = [
    config.getCustomer({ name: 'customers/acme' }, late),
    tokenBroker.getDelegation({ name: 'customers/acme/delegation' }, late),
    directory.getReadStatus({ customer: 'customers/acme' }, late),
    push.getAppStatus({ app: 'customers/acme/apps/wiki' }, late),
    failures.getAppCounters({ app: 'customers/acme/apps/wiki' }, late),
  ];
  for (const failure of await Promise.all(calls.map(failureOf))) {
    expect(failure).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'IDENTITY_INVALID' });
  }
});

test('a role that is taken away by the command line is out on every service within 10 seconds', async () => {
  const member = 'workload:hr-portal';
  const role = [member, 'viewer', '--customer', 'globex'];
  const asks = [
    () => portal.config.getCustomer({ name: 'customers/globex' }, call),
    () => portal.tokenBroker.getDelegation({ name: 'customers/globex/delegation' }, call),
    () => portal.directory.getReadStatus({ customer: 'customers/globex' }, call),
    () => portal.push.getAppStatus({ app: 'customers/globex/apps/wiki' }, call),
    () => portal.failures.getAppCounters({ app: 'customers/globex/apps/wiki' }, call),
  ];
  const areAll = async (reason: string | undefined) => {
    const failures = await Promise.all(asks.map((ask) => failureOf(ask())));
    return failures.every((failure) => failure?.reason === reason);
  };
  expect(await runAutoprov(network, 'roles', 'grant', ...role)).toMatchObject({ exitCode: 0 });
  await until('the role is in effect', () => areAll(undefined));
  expect(await runAutoprov(network, 'roles', 'revoke', ...role)).toMatchObject({ exitCode: 0 });
  const revokedMs = Date.now();
  await until('the role is out', () => areAll('ROLE_MISSING'));
  expect(Date.now() - revokedMs).toBeLessThan(10_000);
});

test('while config is down, other services go on with the roles that they know', async () => {
  const ask = () => portal.failures.getAppCounters({ app: 'customers/acme/apps/wiki' }, call);
  await ask();
  await network.kill('config');
  try {
    // Longer than roles are remembered without asking.
    const downMs = Date.now();
    await until('config is down for a while', async () => {
      await ask();
      return Date.now() - downMs > 6_000;
    });
    const stranger = { ...call, metadata: await identityProvider.authorize('new@acme.example') };
    const unknown = portal.failures.getAppCounters({ app: 'customers/acme/apps/wiki' }, stranger);
    expect(await failureOf(unknown)).toMatchObject({ code: status.UNAVAILABLE, reason: 'DEPENDENCY_UNAVAILABLE' });
  } finally {
    await network.restart('config');
  }
});
