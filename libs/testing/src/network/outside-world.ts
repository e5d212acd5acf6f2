import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeServiceAccountKey } from '../directory/directory.ts';
import type { ServiceAccountKey } from '../directory/directory.ts';
import { startDirectory } from '../directory/server.ts';
import type { ExampleDirectory } from '../directory/server.ts';
import type { ExamplePeople } from '../directory/example-people.ts';
import type { Certificates } from '../infra/certificates.ts';
import type { Network, NetworkOptions, Undo } from './network.ts';
import { startServiceProviderProcess } from './service-provider-process.ts';
import type { ServiceProviderProcess } from './service-provider-process.ts';

/** What stands in for the world that services talk to. */
export type OutsideWorld = {
  directory: ExampleDirectory;
  serviceAccountKeyFile: string;
  serviceProvider: ServiceProviderProcess;
  startServiceProvider: Network['startServiceProvider'];
};

/**
 * Starts the example directory, in this process so that its people can be looked at and changed, and a service provider
 * in its own.
 */
export async function startOutsideWorld(
  { dir, people, serviceProvider = { kind: 'better-auth' }, keepData }: NetworkOptions & { people: ExamplePeople },
  { ports, certificates }: { ports: { directory: number; 'service-provider': number }; certificates: Certificates },
  undo: Undo,
): Promise<OutsideWorld> {
  const serviceAccountKeyFile = join(dir, 'service-account.json');
  const key = keepSecret(serviceAccountKeyFile, () => JSON.stringify(makeServiceAccountKey(), null, 2));
  const serviceAccountKey = JSON.parse(key) as ServiceAccountKey;
  const directory = await startDirectory({ port: ports.directory, people: people.state, serviceAccountKey });
  undo.push(() => directory.stop());

  const token = keepSecret(join(dir, 'service-provider-token'), () => randomBytes(24).toString('base64url'));
  const common = { dir, tls: certificates.localhost, token };
  const provider = await startServiceProviderProcess({
    ...common,
    ...serviceProvider,
    name: 'service-provider',
    port: ports['service-provider'],
    seed: people.serviceProviderSeed,
    ...(keepData && { databaseFile: join(dir, 'service-provider.sqlite') }),
  });
  undo.push(() => provider.stop());
  return {
    directory,
    serviceAccountKeyFile,
    serviceProvider: provider,
    async startServiceProvider(name, kind, options = {}) {
      const another = await startServiceProviderProcess({ ...common, ...options, name, kind, port: 0 });
      undo.push(() => another.stop());
      return another;
    },
  };
}

/** What the file holds; made and written when there is none, so that it lasts as long as data that depends on it. */
export function keepSecret(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
