import { App, Customer, ProvisioningScope, ProvisioningSetup } from '@autoprov/proto';
import type { Network } from './network.ts';
import type { ServiceProviderProcess } from './service-provider-process.ts';

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

/** A setup, but for the endpoint; what is not said is as it is by default. */
export type WantedSetup = Omit<Partial<ProvisioningSetup>, 'scope'> & {
  scope?: Partial<ProvisioningScope> | undefined;
};

/** Installs an app of a customer at a service provider and activates the setup that is wanted; answers the app's name. */
export async function installApp(
  { clients }: Network,
  { parent, id, at }: { parent: string; id: string; at: Pick<ServiceProviderProcess, 'access'> },
  wanted: WantedSetup,
): Promise<string> {
  const { config, tokenBroker } = clients;
  const app = `${parent}/apps/${id}`;
  const made = App.fromPartial({ displayName: id, template: 'templates/scim-in-house' });
  await config.createApp({ parent, appId: id, app: made, ...WRITE }, CALL);
  const secret = { $case: 'bearerToken', value: at.access.token } as const;
  const credential = { app, secret, expireTime: undefined, keepPrevious: false, validateOnly: false };
  await tokenBroker.setCredential(credential, CALL);
  const setup = ProvisioningSetup.fromPartial({
    endpointUrl: at.access.baseUrl,
    ...wanted,
    scope: ProvisioningScope.fromPartial(wanted.scope ?? {}),
  });
  const created = await config.createSetup({ parent: app, setup, ...WRITE }, CALL);
  await config.activateSetup({ name: `${app}/setup`, etag: created.setup!.etag, ...WRITE }, CALL);
  return app;
}
