import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { Customer, DeprovisioningAction, SetupDefaults, Template } from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith, type Some } from '../setup.fixture.ts';

const rule = (suspend: number, remove?: number) => ({
  suspendAfter: { seconds: BigInt(suspend), nanos: 0 },
  deleteAfter: remove === undefined ? undefined : { seconds: BigInt(remove), nanos: 0 },
});
const templates = new Map(
  [
    { name: 'templates/scim-bearer', displayName: 'Any', version: 1 },
    {
      name: 'templates/suspending',
      displayName: 'CRM',
      version: 1,
      deprovisioningActions: [DeprovisioningAction.DEPROVISIONING_ACTION_SUSPEND],
    },
  ].map((fields) => [
    fields.name,
    Template.fromPartial({
      ...fields,
      attributeMapping: { rows: [{ target: 'userName', source: { $case: 'attribute', value: 'primaryEmail' } }] },
    }),
  ]),
);

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests({ overrides: { templates } });
});
afterAll(() => config.stop());

/** A customer with an app for each entry, each with a setup. */
async function makeSetups(setups: Record<string, Parameters<typeof setupWith>[0]>) {
  const customerId = `c-${randomUUID().slice(0, 8)}`;
  for (const [appId, fields] of Object.entries(setups)) {
    const parent = await installApp(config, customerId, appId);
    await config.cli.createSetup({ parent, setup: setupWith(fields), ...plain }, soon);
  }
  return `customers/${customerId}`;
}

const update = (name: string, setupDefaults: Some<SetupDefaults>, more: object = {}) =>
  config.cli.updateCustomer(
    {
      customer: Customer.fromPartial({ name, setupDefaults: SetupDefaults.fromPartial(setupDefaults as never) }),
      updateMask: ['setup_defaults'],
      ...plain,
      ...more,
    },
    soon,
  );
const setupOf = (app: string) => config.cli.getSetup({ name: `${app}/setup` }, soon);
const revisionsOf = async (app: string) =>
  (await config.cli.listSetupRevisions({ parent: `${app}/setup`, pageSize: 0, pageToken: '' }, soon)).revisions;

test('new defaults of a customer are a new revision of each setup that they change, in the order of apps, and of no other', async () => {
  const name = await makeSetups({ cc: {}, aa: {}, own: { deprovisioning: { deleted: rule(9) } }, bb: {} });
  const since = (await config.pusher.listSetupChanges({ sinceRevision: 0n, pageSize: 0 }, soon)).nextSinceRevision;
  const before = (await setupOf(`${name}/apps/own`)).setup!;

  const { customer } = await update(name, { deprovisioning: { deleted: rule(1, 2) } });
  expect(customer?.setupDefaults?.deprovisioning?.deleted).toEqual(rule(1, 2));
  const { changes } = await config.pusher.listSetupChanges({ sinceRevision: since, pageSize: 0 }, soon);
  expect(changes.map(({ app }) => app)).toEqual(['aa', 'bb', 'cc'].map((app) => `${name}/apps/${app}`));
  expect(changes.map(({ setup }) => setup?.deprovisioning?.deleted)).toEqual([1, 2, 3].map(() => rule(1, 2)));
  expect((await setupOf(`${name}/apps/own`)).setup).toEqual(before);

  const { setup, effectiveSetup } = await setupOf(`${name}/apps/aa`);
  expect(setup?.deprovisioning).toBeUndefined();
  expect(effectiveSetup).toEqual(changes[0]!.setup);
  expect((await revisionsOf(`${name}/apps/aa`))[0]).toMatchObject({
    revision: setup!.revision,
    caller: 'cli',
    changedPaths: ['customer.setup_defaults'],
  });
});

test('a name, the same defaults again, and a request that is only checked are no change of a setup', async () => {
  const name = await makeSetups({ crm: {} });
  await update(name, { excludedPersons: ['eve@x.example'] });
  const { changes } = await readEverything(config);
  await update(name, { excludedPersons: ['eve@x.example'] });
  await update(name, { excludedPersons: [] }, { validateOnly: true });
  const customer = Customer.fromPartial({ name, displayName: 'Renamed' });
  const renamed = await config.cli.updateCustomer({ customer, updateMask: undefined, ...plain }, soon);
  expect(renamed.customer).toMatchObject({
    displayName: 'Renamed',
    setupDefaults: { excludedPersons: ['eve@x.example'] },
  });
  expect((await readEverything(config)).changes).toEqual(changes);
});

test('defaults that an app cannot follow are refused, with the app and what to do, and leave no half-saved state', async () => {
  const name = await makeSetups({ any: {} });
  const parent = `${name}/apps/crm`;
  const app = { name: '', displayName: 'CRM', template: 'templates/suspending', etag: '' };
  await config.cli.createApp({ parent: name, appId: 'crm', app, ...plain }, soon);
  await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon);
  const before = await readEverything(config);
  expect(await failureOf(update(name, { deprovisioning: { deleted: rule(1, 2) } }))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [
      {
        field: 'customer.setup_defaults.deprovisioning.deleted.delete_after',
        description: expect.stringMatching(
          /^of customers\/.*\/apps\/crm .*CRM deletes no accounts, give the setup a rule/,
        ),
      },
    ],
  });
  expect(await readEverything(config)).toEqual(before);

  const { setup } = await setupOf(parent);
  const own = { name: setup!.name, etag: setup!.etag, deprovisioning: { deleted: rule(1) }, ...plain };
  await config.cli.updateDeprovisioningConfig(own as never, soon);
  await update(name, { deprovisioning: { deleted: rule(1, 2) } });
  expect(
    await failureOf(
      config.cli.updateDeprovisioningConfig(
        { ...own, etag: (await setupOf(parent)).setup!.etag, deprovisioning: undefined } as never,
        soon,
      ),
    ),
  ).toMatchObject({ fieldViolations: [{ field: 'deprovisioning.deleted.delete_after' }] });
});

test('a customer of 100 apps changes its defaults while its setups are edited: no deadlock, no change lost', async () => {
  const name = await makeSetups(Object.fromEntries([...Array(100).keys()].map((i) => [`app-${i}`, {}])));
  const edits = [...Array(100).keys()].toReversed().map((i) => edit(`${name}/apps/app-${i}`));
  const startMs = performance.now();
  for (let round = 1; round <= 5; round++) await update(name, { excludedPersons: [`eve-${round}@x.example`] });
  const tookMs = performance.now() - startMs;
  await Promise.all(edits);
  for (let i = 0; i < 100; i++) {
    const { effectiveSetup } = await setupOf(`${name}/apps/app-${i}`);
    expect(effectiveSetup?.scope).toMatchObject({ groups: ['edited'], excludedPersons: ['eve-5@x.example'] });
  }
  expect(tookMs).toBeLessThan(30_000);
});

/** Edits a setup as people do: who was too late reads again. */
async function edit(app: string): Promise<void> {
  for (;;) {
    const { setup } = await setupOf(app);
    const scope = { ...setupWith({ scope: { groups: ['edited'] } }).scope! };
    const write = config.cli.updateGroupSettings({ name: setup!.name, etag: setup!.etag, scope, ...plain }, soon);
    const lost = await write.then(() => undefined, rpcErrorOf);
    if (!lost) return;
    expect(lost.reason).toBe('STALE_SETUP_CHANGED');
  }
}

test('customers and apps that were changed since they were read are not overwritten', async () => {
  const name = await makeSetups({ crm: {} });
  const { customer } = await config.cli.getCustomer({ name }, soon);
  const { app } = await config.cli.getApp({ name: `${name}/apps/crm` }, soon);
  const first = await config.cli.updateCustomer(
    { customer: { ...customer!, displayName: 'First' }, updateMask: ['display_name'], ...plain },
    soon,
  );
  const firstApp = await config.cli.updateApp(
    { app: { ...app!, displayName: 'First' }, updateMask: [], ...plain },
    soon,
  );
  const before = await readEverything(config);
  const late = { customer: { ...customer!, displayName: 'Late' }, updateMask: ['display_name'], ...plain };
  expect(await failureOf(config.cli.updateCustomer(late, soon))).toMatchObject({
    code: status.ABORTED,
    reason: 'ETAG_MISMATCH',
    metadata: { name, currentEtag: first.customer!.etag },
  });
  const lateApp = { app: { ...app!, displayName: 'Late' }, updateMask: ['display_name'], ...plain };
  expect(await failureOf(config.cli.updateApp(lateApp, soon))).toMatchObject({
    code: status.ABORTED,
    reason: 'ETAG_MISMATCH',
    metadata: { name: app!.name, currentEtag: firstApp.app!.etag },
  });
  expect(await readEverything(config)).toEqual(before);
  const blind = { ...lateApp, app: { ...lateApp.app, etag: '' } };
  expect((await config.cli.updateApp(blind, soon)).app).toMatchObject({ displayName: 'Late', template: app!.template });
});

test('a repeated update of a customer or an app is answered as the first time', async () => {
  const name = await makeSetups({ crm: {} });
  const once = { validateOnly: false, requestId: randomUUID() };
  const first = await update(name, { excludedPersons: ['eve@x.example'] }, once);
  await update(name, {});
  expect(await update(name, { excludedPersons: ['eve@x.example'] }, once)).toEqual(first);
  const app = { name: `${name}/apps/crm`, displayName: 'New', template: '', etag: '' };
  const rename = { app, updateMask: ['display_name'], validateOnly: false, requestId: randomUUID() };
  expect(await config.cli.updateApp(rename, soon)).toEqual(await config.cli.updateApp(rename, soon));
});

test('a new customer has defaults from the start', async () => {
  const customerId = `c-${randomUUID().slice(0, 8)}`;
  const setupDefaults = SetupDefaults.fromPartial({ excludedOrgUnits: ['/Lab'] });
  const { customer } = await config.cli.createCustomer(
    { customerId, customer: Customer.fromPartial({ displayName: 'Acme', setupDefaults }), ...plain },
    soon,
  );
  expect(customer).toMatchObject({ setupDefaults, etag: expect.stringMatching(/./) });
  expect(await config.cli.getCustomer({ name: customer!.name }, soon)).toEqual({ customer });
});

test.each<[string, () => Promise<unknown>, string]>([
  [
    'no org unit',
    () => update('customers/any', { excludedOrgUnits: ['Lab'] }),
    'customer.setup_defaults.excluded_org_units[0]',
  ],
  [
    'a person twice',
    () => update('customers/any', { excludedPersons: ['A@x', 'a@x'] }),
    'customer.setup_defaults.excluded_persons[1]',
  ],
  [
    'a deletion before the suspension',
    () => update('customers/any', { deprovisioning: { deleted: rule(2, 1) } }),
    'customer.setup_defaults.deprovisioning.deleted.delete_after',
  ],
  [
    'unknown matching',
    () => update('customers/any', { matching: { attributes: ['x'] } }),
    'customer.setup_defaults.matching.attributes[0]',
  ],
  [
    'too much',
    () => update('customers/any', { excludedPersons: Array.from({ length: 60_000 }, (_, i) => `p-${i}@x.example`) }),
    'customer',
  ],
  ['an unknown path', () => update('customers/any', {}, { updateMask: ['colour'] }), 'update_mask.paths[0]'],
  [
    "an app's template",
    () =>
      config.cli.updateApp(
        {
          app: { name: 'customers/any/apps/crm', displayName: 'x', template: 'templates/x', etag: '' },
          updateMask: ['template'],
          ...plain,
        },
        soon,
      ),
    'update_mask.paths[0]',
  ],
  [
    'an empty name',
    () =>
      config.cli.updateApp(
        {
          app: { name: 'customers/any/apps/crm', displayName: '', template: '', etag: '' },
          updateMask: ['display_name'],
          ...plain,
        },
        soon,
      ),
    'app.display_name',
  ],
])('%s is refused, and the field named', async (_, call, field) => {
  expect(await failureOf(call())).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field }] });
});

test('what does not exist is not changed', async () => {
  expect(await failureOf(update('customers/nobody', {}))).toMatchObject({ code: status.NOT_FOUND });
  const app = { name: 'customers/nobody/apps/crm', displayName: 'x', template: '', etag: '' };
  const call = config.cli.updateApp({ app, updateMask: undefined, ...plain }, soon);
  expect(await failureOf(call)).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
});
