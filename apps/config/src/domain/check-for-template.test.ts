import { expect, test } from '@jest/globals';
import { DeprovisioningAction, SetupDefaults, Template } from '@autoprov/proto';
import { setupWith } from '../setup.fixture.ts';
import { checkForTemplate } from './check-for-template.ts';

const { DEPROVISIONING_ACTION_SUSPEND, DEPROVISIONING_ACTION_DELETE } = DeprovisioningAction;
const now = { seconds: 0n, nanos: 0 };
const template = Template.fromPartial({
  displayName: 'CRM',
  endpoint: { urlTemplate: 'https://{team}.crm.example/scim/{id}/v2', hint: 'in its settings' },
  deprovisioningActions: [DEPROVISIONING_ACTION_SUSPEND],
});
const endpointUrl = 'https://acme.crm.example/scim/7/v2';

function check(fields: Parameters<typeof setupWith>[0], more: { defaults?: SetupDefaults; template?: Template } = {}) {
  return checkForTemplate(setupWith(fields), {
    template,
    defaults: undefined,
    allowedHosts: ['sp.test:8443'],
    ...more,
  });
}

test.each([endpointUrl, 'https://ACME.crm.example/scim/a-b_c/v2', 'https://a.b.crm.example/scim/7/v2'])(
  '%s has the form of the template',
  (url) => {
    expect(check({ endpointUrl: url })).toEqual([]);
  },
);

test.each([
  'https://crm.example/scim/7/v2',
  'https://acme.crm.example.evil.example/scim/7/v2',
  'https://evil.example/acme.crm.example/scim/7/v2',
  'https://evil.example:443/x.crm.example/scim/7/v2',
  'https://acme.crm.example/scim/7/8/v2',
  'https://acme.crm.example/scim//v2',
  'https://acmexcrm.example/scim/7/v2',
  'https://acme.crm.example/scim/7/v2/Users',
])('%s does not have the form of the template, which is shown', (url) => {
  expect(check({ endpointUrl: url })).toEqual([
    { field: 'setup.endpoint_url', description: expect.stringContaining('https://{team}.crm.example/scim/{id}/v2') },
  ]);
});

test("the operator's own hosts need not have the form, nor do apps of a template without one", () => {
  expect(check({ endpointUrl: 'https://sp.test:8443/scim' })).toEqual([]);
  const any = Template.fromPartial({});
  expect(check({ endpointUrl: 'https://other.example' }, { template: any })).toEqual([]);
});

test('what the service provider cannot do with people who leave is refused, also when it comes from the customer', () => {
  const deleted = { suspendAfter: now, deleteAfter: now };
  expect(check({ endpointUrl, deprovisioning: { deleted } })).toMatchObject([
    { field: 'setup.deprovisioning.deleted.delete_after', description: expect.stringMatching(/^is not offered: CRM/) },
  ]);
  const defaults = SetupDefaults.fromPartial({ deprovisioning: { outOfScope: deleted, deleted } });
  expect(check({ endpointUrl, deprovisioning: { deleted: { suspendAfter: now } } }, { defaults })).toMatchObject([
    {
      field: 'setup.deprovisioning.out_of_scope.delete_after',
      description: expect.stringContaining('comes from the customer'),
    },
  ]);
});

test('a service provider that only deletes suspends nobody', () => {
  const deleting = Template.fromPartial({ ...template, deprovisioningActions: [DEPROVISIONING_ACTION_DELETE] });
  const deprovisioning = { archived: { suspendAfter: now, deleteAfter: now } };
  expect(check({ endpointUrl, deprovisioning }, { template: deleting }).map(({ field }) => field)).toEqual([
    'setup.deprovisioning.archived.suspend_after',
  ]);
});

test('a template that says nothing of it offers both', () => {
  const deprovisioning = { archived: { suspendAfter: now, deleteAfter: now } };
  expect(check({ deprovisioning }, { template: Template.fromPartial({}) })).toEqual([]);
});
