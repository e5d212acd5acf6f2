import { defineService } from '@autoprov/grpc';
import { ConfigServiceService } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { activateSetup } from './activate-setup.ts';
import { checkSetup } from './check-setup.ts';
import { createApp } from './create-app.ts';
import { createCustomer } from './create-customer.ts';
import { createRoleBinding } from './create-role-binding.ts';
import { createSetup } from './create-setup.ts';
import { deactivateSetup } from './deactivate-setup.ts';
import { deleteApp } from './delete-app.ts';
import { deleteCustomer } from './delete-customer.ts';
import { deleteRoleBinding } from './delete-role-binding.ts';
import { deleteSetup } from './delete-setup.ts';
import { orUnavailable } from './errors.ts';
import { getApp } from './get-app.ts';
import { getCustomer } from './get-customer.ts';
import { getPreConfiguration } from './get-pre-configuration.ts';
import { getSetup } from './get-setup.ts';
import { listApps } from './list-apps.ts';
import { listCustomers } from './list-customers.ts';
import { listRoleBindings } from './list-role-bindings.ts';
import { listSetupChanges } from './list-setup-changes.ts';
import { listSetupRevisions } from './list-setup-revisions.ts';
import { listTemplates } from './list-templates.ts';
import { previewMapping } from './preview-mapping.ts';
import { rollbackSetup } from './rollback-setup.ts';
import { updateApp } from './update-app.ts';
import { updateAttributeMapping } from './update-attribute-mapping.ts';
import { updateCustomer } from './update-customer.ts';
import { updateDeprovisioningConfig } from './update-deprovisioning-config.ts';
import { updateGroupSettings } from './update-group-settings.ts';
import { outageReasonOf, updateSetup } from './update-setup.ts';

const writers = ['cli', 'console'];
const readers = [...writers, 'token-broker', 'directory-reader', 'scim-pusher', 'failure-reporter'];

/** What the service answers, to whom, and as which published failure an outage of the store shows. */
export const configService = (ctx: ConfigContext) =>
  defineService({
    definition: ConfigServiceService,
    handlers: {
      createCustomer: (request, call) => createCustomer(ctx, request, call),
      getCustomer: (request) => getCustomer(ctx, request),
      listCustomers: (request) => listCustomers(ctx, request),
      updateCustomer: (request, call) => updateCustomer(ctx, request, call),
      deleteCustomer: (request) => deleteCustomer(ctx, request),
      listTemplates: (request) => listTemplates(ctx, request),
      createApp: (request, call) => createApp(ctx, request, call),
      getApp: (request) => getApp(ctx, request),
      listApps: (request) => listApps(ctx, request),
      updateApp: (request, call) => updateApp(ctx, request, call),
      deleteApp: (request, call) => deleteApp(ctx, request, call),
      getPreConfiguration: (request, call) =>
        orUnavailable('FETCH_PRECONFIGURATION_FAILED', () => getPreConfiguration(ctx, request, call)),
      checkSetup: (request, call) => orUnavailable('FETCH_SETUP_FAILED', () => checkSetup(ctx, request, call)),
      previewMapping: (request, call) => orUnavailable('FETCH_SETUP_FAILED', () => previewMapping(ctx, request, call)),
      createSetup: (request, call) => orUnavailable('CREATE_FAILED', () => createSetup(ctx, request, call)),
      getSetup: (request) => orUnavailable('FETCH_SETUP_FAILED', () => getSetup(ctx, request)),
      updateSetup: (request, call) => orUnavailable(outageReasonOf(request), () => updateSetup(ctx, request, call)),
      updateAttributeMapping: (request, call) =>
        orUnavailable('UPDATE_MAPPING_FAILED', () => updateAttributeMapping(ctx, request, call)),
      updateGroupSettings: (request, call) =>
        orUnavailable('UPDATE_GROUPS_FAILED', () => updateGroupSettings(ctx, request, call)),
      updateDeprovisioningConfig: (request, call) =>
        orUnavailable('UPDATE_DEPROVISIONING_FAILED', () => updateDeprovisioningConfig(ctx, request, call)),
      activateSetup: (request, call) => orUnavailable('ACTIVATION_FAILED', () => activateSetup(ctx, request, call)),
      deactivateSetup: (request, call) => orUnavailable('UPDATE_FAILED', () => deactivateSetup(ctx, request, call)),
      deleteSetup: (request, call) => orUnavailable('DELETE_FAILED', () => deleteSetup(ctx, request, call)),
      listSetupRevisions: (request) => orUnavailable('FETCH_SETUP_FAILED', () => listSetupRevisions(ctx, request)),
      rollbackSetup: (request, call) => orUnavailable('UPDATE_FAILED', () => rollbackSetup(ctx, request, call)),
      createRoleBinding: (request, call) => createRoleBinding(ctx, request, call),
      listRoleBindings: (request) => listRoleBindings(ctx, request),
      deleteRoleBinding: (request, call) => deleteRoleBinding(ctx, request, call),
      listSetupChanges: (request) => orUnavailable('FETCH_SETUP_FAILED', () => listSetupChanges(ctx, request)),
    },
    allow: {
      updateCustomer: writers,
      updateApp: writers,
      getPreConfiguration: writers,
      updateAttributeMapping: writers,
      updateGroupSettings: writers,
      updateDeprovisioningConfig: writers,
      checkSetup: writers,
      previewMapping: writers,
      rollbackSetup: writers,
      createRoleBinding: writers,
      listRoleBindings: readers,
      deleteRoleBinding: writers,
      createCustomer: writers,
      getCustomer: readers,
      listCustomers: readers,
      deleteCustomer: writers,
      listTemplates: readers,
      createApp: writers,
      getApp: readers,
      listApps: readers,
      deleteApp: writers,
      createSetup: writers,
      getSetup: readers,
      updateSetup: writers,
      activateSetup: writers,
      deactivateSetup: writers,
      deleteSetup: writers,
      listSetupRevisions: readers,
      listSetupChanges: readers,
    },
    roles: {
      createCustomer: { role: 'operator', customer: 'all' },
      getCustomer: 'viewer',
      listCustomers: { role: 'viewer', customer: 'all' },
      updateCustomer: 'operator',
      deleteCustomer: { role: 'operator', customer: 'all' },
      listTemplates: { role: 'viewer', customer: 'any' },
      createApp: 'operator',
      getApp: 'viewer',
      listApps: 'viewer',
      updateApp: 'operator',
      deleteApp: 'operator',
      getPreConfiguration: 'viewer',
      createSetup: 'operator',
      getSetup: 'viewer',
      updateSetup: 'operator',
      updateAttributeMapping: 'operator',
      updateGroupSettings: 'operator',
      updateDeprovisioningConfig: 'operator',
      // A draft may name any endpoint, which the app's credential is then sent to.
      checkSetup: 'operator',
      previewMapping: 'operator',
      activateSetup: 'operator',
      deactivateSetup: 'operator',
      deleteSetup: 'operator',
      listSetupRevisions: 'viewer',
      rollbackSetup: 'operator',
      createRoleBinding: { role: 'operator', customer: 'all' },
      listRoleBindings: 'viewer',
      deleteRoleBinding: { role: 'operator', customer: 'all' },
    },
  });
