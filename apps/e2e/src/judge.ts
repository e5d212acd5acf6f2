import { compareAccounts, demandedAccounts } from '@autoprov/testing';
import type { DemandedSetup, FrontLogEntry, Network } from '@autoprov/testing';

/**
 * What is not as the reference model demands for the access group, one sentence each; empty: all is.
 *
 * @param setup how the company differs from the default policy and from a service provider that takes everybody
 */
export async function findDifferences(network: Network, setup: DemandedSetup = {}): Promise<string[]> {
  const { people, serviceProvider } = network;
  const demanded = demandedAccounts(people.state, { groups: [people.accessGroup], ...setup });
  return compareAccounts(await serviceProvider.list(), demanded).differences;
}

/** Lets something happen, waits until all that follows is done, and answers what was written because of it. */
export async function writesAfter(network: Network, happen: () => unknown): Promise<string[]> {
  await network.serviceProvider.run({ do: 'resetCounts' });
  await happen();
  await network.settle();
  return writesOf(await network.serviceProvider.log());
}

/** The writes of a log, as `PATCH 200`. */
export function writesOf(log: FrontLogEntry[]): string[] {
  return log.filter(({ method }) => method !== 'GET').map(({ method, status }) => `${method} ${status ?? 'reset'}`);
}

/** How many writes have reached the service provider. */
export async function countWrites({ serviceProvider }: Network): Promise<number> {
  return (await serviceProvider.counts()).writes;
}
