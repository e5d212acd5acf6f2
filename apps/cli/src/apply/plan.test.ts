import { expect, test } from '@jest/globals';
import {
  App,
  Credential,
  Credential_Kind,
  Customer,
  Delegation,
  ProvisioningSetup_State,
  SetupDefaults,
  type ProvisioningSetup,
} from '@autoprov/proto';
import { planCustomer, type CurrentCustomer } from './plan.ts';
import { readSpec } from './read-spec.ts';

const [spec] = readSpec(
  `
customers:
  - id: acme
    displayName: Acme
    delegation: { serviceAccountKeyFile: key.json, adminEmail: admin@acme.test }
    apps:
      - id: crm
        displayName: CRM
        template: templates/scim-bearer
        credential: { bearerToken: { fromEnv: CRM_TOKEN } }
        setup:
          endpointUrl: https://crm.example/scim
          scope: { groups: [sales@acme.test] }
          deprovisioning: { deleted: { deleteAfter: 604800s } }
          state: ACTIVE
`,
  'acme.yaml',
).customers;
const wanted = spec!.apps[0]!.setup!.wanted;
const owner = { email: 'sync@project.test', clientId: '104' };
const setup: ProvisioningSetup = {
  ...wanted,
  name: 'customers/acme/apps/crm/setup',
  etag: '18',
  revision: 18n,
  state: ProvisioningSetup_State.STATE_ACTIVE,
};
const nothing: CurrentCustomer = { customer: undefined, delegation: undefined, apps: new Map() };

function everything(changed: Partial<ProvisioningSetup> = {}): CurrentCustomer {
  return {
    customer: Customer.fromPartial({ displayName: 'Acme' }),
    delegation: Delegation.fromPartial({
      adminEmail: 'admin@acme.test',
      serviceAccountEmail: owner.email,
      clientId: owner.clientId,
    }),
    apps: new Map([
      [
        'crm',
        {
          app: App.fromPartial({ displayName: 'CRM', template: 'templates/scim-bearer' }),
          credential: Credential.fromPartial({ kind: Credential_Kind.KIND_BEARER }),
          setup: { ...setup, ...changed },
        },
      ],
    ]),
  };
}

const plan = (current: CurrentCustomer, replaceSecrets = false) =>
  planCustomer(spec!, current, { owner, replaceSecrets });
const changes = (current: CurrentCustomer, replaceSecrets = false) =>
  plan(current, replaceSecrets).map(({ name, change }) => `${name} ${change}`);

test('where nothing is yet, everything is created, from the outside in', () => {
  expect(changes(nothing)).toEqual([
    'customers/acme created',
    'customers/acme/delegation stored',
    'customers/acme/apps/crm created',
    'customers/acme/apps/crm/credential stored',
    'customers/acme/apps/crm/setup created',
    'customers/acme/apps/crm/setup activated',
  ]);
  expect(plan(nothing)[4]).toMatchObject({ parent: 'customers/acme/apps/crm', setup: wanted });
});

test('what is there already is left alone', () => {
  expect(new Set(plan(everything()).map(({ change }) => change))).toEqual(new Set(['unchanged']));
});

test('an update names the current etag and just the fields that differ', () => {
  const update = plan(everything({ endpointUrl: 'https://old.example/scim', scope: undefined })).at(-1);
  expect(update).toMatchObject({
    change: 'updated',
    fields: ['endpointUrl', 'scope'],
    setup: { name: 'customers/acme/apps/crm/setup', etag: '18', endpointUrl: 'https://crm.example/scim' },
  });
});

test('a field that the file does not name is not compared', () => {
  const attributeMapping = { rows: [{ ...ROW }] };
  expect(changes(everything({ attributeMapping })).at(-1)).toBe('customers/acme/apps/crm/setup unchanged');
});
const ROW = { target: 'userName', defaultValue: undefined, apply: 0, onNull: 0, required: false } as const;

test('the state is switched by a step of its own', () => {
  const inactive = everything({ state: ProvisioningSetup_State.STATE_INACTIVE });
  expect(changes(inactive).at(-1)).toBe('customers/acme/apps/crm/setup activated');
});

test('secrets are stored again only when that is asked for, or for another account', () => {
  expect(changes(everything(), true).filter((line) => line.endsWith('stored'))).toEqual([
    'customers/acme/delegation stored',
    'customers/acme/apps/crm/credential stored',
  ]);
  const other = planCustomer(spec!, everything(), { owner: { ...owner, clientId: '105' }, replaceSecrets: false });
  expect(other[1]).toMatchObject({ change: 'stored' });
});

test('a name that differs is updated, with the etag that was read', () => {
  const customer = Customer.fromPartial({ displayName: 'Acme Inc.', etag: 'c1' });
  expect(plan({ ...everything(), customer })[0]).toMatchObject({
    call: 'updateCustomer',
    fields: ['displayName'],
    customer: { name: 'customers/acme', displayName: 'Acme', etag: 'c1' },
  });
  const current = everything();
  current.apps.get('crm')!.app = App.fromPartial({ displayName: 'Old', template: 'templates/scim-bearer', etag: 'a1' });
  expect(plan(current)).toContainEqual(
    expect.objectContaining({ call: 'updateApp', app: expect.objectContaining({ displayName: 'CRM', etag: 'a1' }) }),
  );
});

test('defaults of the file are created with the customer and updated as a whole; without them they stay', () => {
  const setupDefaults = SetupDefaults.fromPartial({ excludedPersons: ['eve@acme.test'] });
  const withDefaults = { ...spec!, setupDefaults };
  const options = { owner, replaceSecrets: false };
  expect(planCustomer(withDefaults, nothing, options)[0]).toMatchObject({ customer: { setupDefaults } });
  expect(planCustomer(withDefaults, everything(), options)[0]).toMatchObject({
    call: 'updateCustomer',
    fields: ['setupDefaults'],
    customer: { setupDefaults },
  });
  const same = { ...everything(), customer: Customer.fromPartial({ displayName: 'Acme', setupDefaults }) };
  expect(planCustomer(withDefaults, same, options)[0]).toMatchObject({ change: 'unchanged' });
  expect(plan(same)[0]).toMatchObject({ change: 'unchanged' });
});

test('what no call can change is refused in words', () => {
  const current = everything();
  current.apps.get('crm')!.app = App.fromPartial({ displayName: 'CRM', template: 'templates/slack' });
  expect(() => plan(current)).toThrow(/apps\/crm: template is "templates\/slack" and not "templates\/scim-bearer"/);
});
