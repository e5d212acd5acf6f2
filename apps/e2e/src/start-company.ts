import { resolve } from 'node:path';
import type { ProvisioningSetup } from '@autoprov/proto';
import { addCustomer, installApp as installAt, startNetwork } from '@autoprov/testing';
import type { Network, NetworkOptions } from '@autoprov/testing';
import { findSecrets } from './find-secrets.ts';

/** The names of what `installApp` makes. */
export const customer = 'customers/acme';
export const app = `${customer}/apps/wiki`;
export const setup = `${app}/setup`;

export const call = { timeoutMs: 10_000 };

/**
 * Starts a network of real processes, all its own but for PostgreSQL and Kafka. It reads the directory only when it is
 * asked to, so that each write has its cause. `stop` fails when a service ended by itself meanwhile.
 *
 * @param name of the story: its folder, with the logs, is .test/<name>
 */
export async function startCompany(name: string, options: Omit<NetworkOptions, 'dir'>): Promise<Network> {
  for (const variable of ['DATABASE_URL', 'KAFKA_BROKERS']) {
    if (process.env[variable]) continue;
    throw new Error(
      `${variable} is not set: run the tests with "npm test" at the root, which starts PostgreSQL and Kafka`,
    );
  }
  const troubles: string[] = [];
  const env = {
    ...options.env,
    'directory-reader': { POLL_INTERVAL_MS: '3600000', ...options.env?.['directory-reader'] },
  };
  const network = await startNetwork({
    ...options,
    env,
    dir: resolve('.test', name),
    onTrouble: (sentence) => troubles.push(sentence),
  });
  return {
    ...network,
    async stop() {
      const found = await findSecrets(network).catch((err: unknown) => [`secrets were not looked for: ${String(err)}`]);
      troubles.push(...found);
      const invalid = await network.serviceProvider.invalidRequests().catch((err: unknown) => [String(err)]);
      troubles.push(...invalid);
      await network.stop();
      if (troubles.length > 0) throw new Error(troubles.join('\n'));
    },
  };
}

/** Stores the delegation and the credential, and activates a setup: the access group, and what `wanted` says. */
export async function installApp(network: Network, wanted: Partial<ProvisioningSetup> = {}): Promise<void> {
  const { directory, people, serviceProvider } = network;
  const parent = await addCustomer(network, 'acme', directory);
  const scope = { groups: [people.accessGroup] };
  await installAt(network, { parent, id: 'wiki', at: serviceProvider }, { scope, ...wanted });
}
