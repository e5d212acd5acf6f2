import { compareAccounts, demandedAccounts } from '@autoprov/testing';
import type { Network, TroubledPerson } from '@autoprov/testing';
import { listFailingPeople } from './summary.ts';

/** The troubled people who fail at this service provider: scimmy minds only an account that is there already. */
function expectedToFail({ people, serviceProvider }: Network): TroubledPerson[] {
  if (serviceProvider.kind === 'better-auth') return people.troubledPeople;
  const taken = new Set(people.serviceProviderSeed.accounts.map(({ userName }) => userName));
  return people.troubledPeople.filter(({ user }) => taken.has(user.primaryEmail));
}

/**
 * Whether the service provider holds what the directory demands, and exactly the troubled people fail as documented.
 *
 * @param provisionedBefore ids of people who had an account and have lost the right to it
 * @returns what is not so, one sentence each
 */
export async function findDifferences(network: Network, provisionedBefore: string[]): Promise<string[]> {
  const { state, accessGroup } = network.people;
  const troubledPeople = expectedToFail(network);
  const demanded = demandedAccounts(state, {
    groups: [accessGroup],
    // As docs/examples/example.yaml has it.
    deprovisioning: { deleted: 'delete' },
    provisionedBefore,
    refused: troubledPeople.map(({ user }) => user.id),
  });
  const { differences } = compareAccounts(await network.serviceProvider.list(), demanded);
  const expected = troubledPeople.map(({ user, code, reason }) => `${user.primaryEmail} ${code} ${reason}`);
  const failing = await listFailingPeople(network);
  const actual = failing.map(({ primaryEmail, code, reason }) => `${primaryEmail} ${code} ${reason}`);
  return [
    ...differences,
    ...expected.filter((failure) => !actual.includes(failure)).map((failure) => `does not fail as it must: ${failure}`),
    ...actual.filter((failure) => !expected.includes(failure)).map((failure) => `fails and must not: ${failure}`),
  ];
}
