import { App, Customer, ProvisioningSetup } from '@autoprov/proto';
import type { Updatable } from './update-mask.ts';

const setByService = 'is set by the service: leave it out';
const nameAndEtag = [
  ['name', 'names what is changed: leave it out of the mask'],
  ['etag', 'says which state is changed: leave it out of the mask'],
] as const;

/** A setup as UpdateSetup changes it. */
export const updatableSetup: Updatable<ProvisioningSetup> = {
  resource: 'setup',
  fields: new Map([
    ['endpoint_url', []],
    ['attribute_mapping', ['rows']],
    ['scope', ['groups', 'org_units', 'excluded_org_units', 'persons', 'excluded_persons', 'filter']],
    ['deprovisioning', ['out_of_scope', 'suspended', 'archived', 'deleted']],
    ['matching', ['attributes', 'rules', 'on_existing', 'on_foreign_external_id', 'on_vanished']],
    ['mapping_tests', []],
    ['guard', ['max_count', 'max_share_percent', 'window', 'protected_persons']],
    ['comparison', ['interval_hours', 'action']],
    ['pushed_groups', []],
  ]),
  outputOnly: new Map([
    ...nameAndEtag,
    ['revision', setByService],
    ['state', 'is changed by ActivateSetup and DeactivateSetup: leave it out'],
    ['template_version', setByService],
    ['create_time', setByService],
    ['update_time', setByService],
  ]),
  fromPartial: (fields) => ProvisioningSetup.fromPartial(fields),
};

/** A customer as UpdateCustomer changes it. */
export const updatableCustomer: Updatable<Customer> = {
  resource: 'customer',
  fields: new Map([
    ['display_name', []],
    ['setup_defaults', ['excluded_org_units', 'excluded_persons', 'deprovisioning', 'matching', 'guard']],
  ]),
  outputOnly: new Map([...nameAndEtag, ['create_time', setByService]]),
  fromPartial: (fields) => Customer.fromPartial(fields),
};

/** An app as UpdateApp changes it. */
export const updatableApp: Updatable<App> = {
  resource: 'app',
  fields: new Map([['display_name', []]]),
  outputOnly: new Map([
    ...nameAndEtag,
    ['template', 'stays what it was installed from: install another app for another template'],
    ['create_time', setByService],
  ]),
  fromPartial: (fields) => App.fromPartial(fields),
};
