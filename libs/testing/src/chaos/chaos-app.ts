import { App, Customer, DeprovisioningPolicy, ProvisioningSetup } from '@autoprov/proto';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { waitUntil } from '../network/settle.ts';
import type { Network } from '../network/network.ts';
import type { ServiceProviderKind, ServiceProviderProcess } from '../network/service-provider-process.ts';

/** An app with a service provider of its own. */
export type ChaosApp = { appId: string; serviceProvider: ServiceProviderProcess };

const call = { timeoutMs: 30_000 };
const write = { validateOnly: false, requestId: '' };
const customerId = 'chaos';

/** The customer whose people the directory holds. */
export const chaosCustomer = `customers/${customerId}`;

/** Whoever is deleted loses the account; all others who lose the right to it are suspended. */
const deprovisioning = DeprovisioningPolicy.fromPartial({ deleted: { deleteAfter: { seconds: 0n, nanos: 0 } } });

/** Makes the customer. */
export async function createChaosCustomer({ clients, directory, people }: Network): Promise<void> {
  const customer = Customer.fromPartial({ displayName: 'Chaos' });
  await clients.config.createCustomer({ customerId, customer, ...write }, call);
  const serviceAccountKeyJson = JSON.stringify(directory.serviceAccountKey());
  const { adminEmail } = people;
  await clients.tokenBroker.setDelegation(
    { customer: chaosCustomer, serviceAccountKeyJson, adminEmail, validateOnly: false },
    call,
  );
}

/** Starts a service provider, slow enough to be met in the middle of a request, and begins to provision everybody there. */
export async function activateChaosApp(
  network: Network,
  appId: string,
  kind: ServiceProviderKind,
  latencyMs: number,
): Promise<ChaosApp> {
  const { config, tokenBroker } = network.clients;
  const serviceProvider = await network.startServiceProvider(appId, kind, { withoutUniqueness: true });
  const app = `${chaosCustomer}/apps/${appId}`;
  const made = App.fromPartial({ displayName: appId, template: 'templates/scim-in-house' });
  await config.createApp({ parent: chaosCustomer, appId, app: made, ...write }, call);
  const secret = { $case: 'bearerToken', value: serviceProvider.access.token } as const;
  await tokenBroker.setCredential(
    { app, secret, expireTime: undefined, keepPrevious: false, validateOnly: false },
    call,
  );
  const setup = ProvisioningSetup.fromPartial({ endpointUrl: serviceProvider.access.baseUrl, deprovisioning });
  const created = await config.createSetup({ parent: app, setup, ...write }, call);
  await serviceProvider.run({ do: 'setLatency', latencyMs });
  const activation = { name: `${app}/setup`, etag: created.setup!.etag, ...write };
  // Its checks ask a pusher that was killed a while ago, which its callers need a moment to find.
  const activate = (): Promise<boolean> =>
    config.activateSetup(activation, call).then(
      () => true,
      (err: unknown) => {
        if (rpcErrorOf(err)?.code === status.FAILED_PRECONDITION) return false;
        throw err;
      },
    );
  await waitUntil(`${app} to be activated`, activate, Date.now() + 120_000);
  return { appId, serviceProvider };
}

/** A new revision: whoever failed is tried at once, not when the next retry is due. */
export async function decideAgain({ clients: { config } }: Network, { appId }: ChaosApp): Promise<void> {
  const { setup } = await config.getSetup({ name: `${chaosCustomer}/apps/${appId}/setup` }, call);
  const guard = {
    maxCount: 1_000_000 + Number(setup!.revision),
    maxSharePercent: 100,
    window: undefined,
    protectedPersons: [],
  };
  await config.updateSetup({ setup: { ...setup!, guard }, updateMask: ['guard'], ...write }, call);
}

/** Ends it; what the service provider holds is judged before. */
export async function deactivateChaosApp(
  { clients: { config } }: Network,
  { appId, serviceProvider }: ChaosApp,
): Promise<void> {
  const name = `${chaosCustomer}/apps/${appId}/setup`;
  const { setup } = await config.getSetup({ name }, call);
  await config.deactivateSetup({ name, etag: setup!.etag, ...write }, call);
  await serviceProvider.stop();
}
