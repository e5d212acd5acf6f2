import { defineService } from '@autoprov/grpc';
import { ConfigServiceService } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { activateSetup } from './activate-setup.ts';
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
import { getSetup } from './get-setup.ts';
import { listApps } from './list-apps.ts';
import { listCustomers } from './list-customers.ts';
import { listRoleBindings } from './list-role-bindings.ts';
import { listSetupChanges } from './list-setup-changes.ts';
import { listSetupRevisions } from './list-setup-revisions.ts';
import { listTemplates } from './list-templates.ts';
import { outageReasonOf, updateSetup } from './update-setup.ts';

// Stands in for what is not written yet.
const notYet = async (): Promise<never> => {
  throw new Error('not written yet');
};

const writers = ['cli', 'console'];
const readers = [...writers, 'token-broker', 'directory-reader', 'scim-pusher', 'failure-reporter'];

/** What the service answers, to whom, and as which published failure an outage of the store shows. */
export const configService = (ctx: ConfigContext) =>
  defineService({
    definition: ConfigServiceService,
    handlers: {
      updateCustomer: notYet,
      updateApp: notYet,
      getPreConfiguration: notYet,
      updateAttributeMapping: notYet,
      updateGroupSettings: notYet,
      updateDeprovisioningConfig: notYet,
      checkSetup: notYet,
      previewMapping: notYet,
      rollbackSetup: notYet,
      createCustomer: (request, call) => createCustomer(ctx, request, call),
      getCustomer: (request) => getCustomer(ctx, request),
      listCustomers: (request) => listCustomers(ctx, request),
      deleteCustomer: (request) => deleteCustomer(ctx, request),
      listTemplates: (request) => listTemplates(ctx, request),
      createApp: (request, call) => createApp(ctx, request, call),
      getApp: (request) => getApp(ctx, request),
      listApps: (request) => listApps(ctx, request),
      deleteApp: (request, call) => deleteApp(ctx, request, call),
      createSetup: (request, call) => orUnavailable('CREATE_FAILED', () => createSetup(ctx, request, call)),
      getSetup: (request) => orUnavailable('FETCH_SETUP_FAILED', () => getSetup(ctx, request)),
      updateSetup: (request, call) => orUnavailable(outageReasonOf(request), () => updateSetup(ctx, request, call)),
      activateSetup: (request, call) => orUnavailable('ACTIVATION_FAILED', () => activateSetup(ctx, request, call)),
      deactivateSetup: (request, call) => orUnavailable('UPDATE_FAILED', () => deactivateSetup(ctx, request, call)),
      deleteSetup: (request, call) => orUnavailable('DELETE_FAILED', () => deleteSetup(ctx, request, call)),
      listSetupRevisions: (request) => orUnavailable('FETCH_SETUP_FAILED', () => listSetupRevisions(ctx, request)),
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
