import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, rpcErrorOf } from '@autoprov/grpc';
import { migrate, roleUrl } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { ConfigServiceClient } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { createCertificates, waitUntil } from '@autoprov/testing';
import type { ConfigContext } from './context.ts';
import { startOutside } from './outside.fixture.ts';
import { migrationsDir, startConfig } from './server.ts';

/** Long enough for any call that should succeed. */
export const soon = { timeoutMs: 20_000 };

/** Who calls in tests; `stranger` is a workload of the installation that may call nothing. */
const callers = ['config', 'cli', 'token-broker', 'directory-reader', 'scim-pusher', 'stranger'] as const;

/**
 * The real service on a free port, with a database of its own and mTLS, a client for each caller, and stand-ins for the
 * services that it asks: `outside`.
 */
export async function startConfigForTests({
  adminUrl,
  overrides = {},
}: { adminUrl?: string; overrides?: Partial<ConfigContext> } = {}) {
  const database = await createTestDatabase(adminUrl);
  await migrate({ adminUrl: database.url, service: 'config', migrationsDir });
  const certificates = await createCertificates(mkdtempSync(join(tmpdir(), 'autoprov-config-')), callers);
  const { caFile, services } = certificates;
  const outside = await startOutside(certificates);
  const env = {
    databaseUrl: roleUrl(database.url, 'config'),
    address: '127.0.0.1:0',
    metricsAddress: '127.0.0.1:0',
    reflection: false,
    tls: services['config']!,
    peers: outside.peers,
    identityProvider: undefined,
    allowedHosts: ['localhost:8443'],
    clockOffsetMs: 0,
  };
  const logger = createLogger({ service: 'config' }, { write: () => {} });
  const start = () => startConfig(env, { logger, registry: createRegistry() }, overrides);
  let service = await start();
  const address = `127.0.0.1:${service.port}`;
  env.address = address;
  const clientOf = (caller: (typeof callers)[number]) =>
    createClient(ConfigServiceClient, { address, tls: services[caller] });
  const clients = { cli: clientOf('cli'), pusher: clientOf('scim-pusher'), stranger: clientOf('stranger') };
  return {
    ...clients,
    port: service.port,
    caFile,
    adminUrl: database.url,
    outside,
    /** Ends the service, and starts it again on the same database; `meanwhile` is done in between. */
    async restart(meanwhile: () => void = () => {}) {
      await service.stop();
      meanwhile();
      service = await start();
      // The clients find it again by themselves, after a moment.
      const answers = () => clients.cli.listCustomers({ pageSize: 1, pageToken: '' }, soon).then(() => true);
      await waitUntil('config to answer again', answers, Date.now() + soon.timeoutMs);
    },
    async stop() {
      for (const client of Object.values(clients)) client.close();
      await service.stop();
      await outside.stop();
      await database.drop();
    },
  };
}

export type ConfigForTests = Awaited<ReturnType<typeof startConfigForTests>>;

/** A request without the fields that are the same in most tests. */
export const plain = { validateOnly: false, requestId: '' };

/** Installs an app for a customer, made when it is missing. */
export async function installApp(
  { cli }: Pick<ConfigForTests, 'cli'>,
  customerId: string,
  appId: string,
): Promise<string> {
  const customer = { name: '', displayName: customerId, createTime: undefined, etag: '' };
  await cli.createCustomer({ customerId, customer, ...plain }, soon).catch(() => {});
  const app = { name: '', displayName: appId, template: 'templates/scim-bearer', etag: '' };
  await cli.createApp({ parent: `customers/${customerId}`, appId, app, ...plain }, soon);
  return `customers/${customerId}/apps/${appId}`;
}

/** What a call was refused with; throws when it was not. */
export async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (err) {
    return rpcErrorOf(err);
  }
  throw new Error('the call was not refused');
}

/** Everything that config holds, as its callers see it: to show that a refused write left nothing. */
export async function readEverything({ cli }: Pick<ConfigForTests, 'cli'>) {
  const { customers } = await cli.listCustomers({ pageSize: 0, pageToken: '' }, soon);
  const apps = await Promise.all(
    customers.map(({ name }) => cli.listApps({ parent: name, pageSize: 0, pageToken: '' }, soon)),
  );
  const changes = await cli.listSetupChanges({ sinceRevision: 0n, pageSize: 0 }, soon);
  return { customers, apps, changes };
}
