import { App, Customer, ProvisioningSetup } from '@autoprov/proto';
import type { Network, ServiceProviderProcess } from '@autoprov/testing';

const CALL = { timeoutMs: 60_000 };
const WRITE = { validateOnly: false, requestId: '' };

/** Makes a customer, and stores the delegation by which its directory is read. */
export async function addCustomer(
  { clients, people }: Network,
  id: string,
  directory: Pick<Network['directory'], 'serviceAccountKey'>,
  adminEmail = people.adminEmail,
): Promise<string> {
  const customer = `customers/${id}`;
  await clients.config.createCustomer(
    { customerId: id, customer: Customer.fromPartial({ displayName: id }), ...WRITE },
    CALL,
  );
  const serviceAccountKeyJson = JSON.stringify(directory.serviceAccountKey());
  await clients.tokenBroker.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, CALL);
  return customer;
}

/** Installs an app of a customer at a service provider and activates its setup; answers the app's name. */
export async function installApp(
  { clients }: Network,
  { parent, id, at }: { parent: string; id: string; at: Pick<ServiceProviderProcess, 'access'> },
  scope: { groups?: string[]; filter?: string },
): Promise<string> {
  const { config, tokenBroker } = clients;
  const app = `${parent}/apps/${id}`;
  const made = App.fromPartial({ displayName: id, template: 'templates/scim-in-house' });
  await config.createApp({ parent, appId: id, app: made, ...WRITE }, CALL);
  const secret = { $case: 'bearerToken', value: at.access.token } as const;
  const credential = { app, secret, expireTime: undefined, keepPrevious: false, validateOnly: false };
  await tokenBroker.setCredential(credential, CALL);
  const setup = ProvisioningSetup.fromPartial({ endpointUrl: at.access.baseUrl, scope });
  const created = await config.createSetup({ parent: app, setup, ...WRITE }, CALL);
  await config.activateSetup({ name: `${app}/setup`, etag: created.setup!.etag, ...WRITE }, CALL);
  return app;
}
