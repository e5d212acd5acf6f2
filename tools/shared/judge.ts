import { compareAccounts, demandedAccounts } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { listFailingPeople } from './summary.ts';

/**
 * Whether the service provider holds what the directory demands, and exactly the troubled people fail as documented.
 *
 * @param provisionedBefore ids of people who had an account and have lost the right to it
 * @returns what is not so, one sentence each
 */
export async function findDifferences(network: Network, provisionedBefore: string[]): Promise<string[]> {
  const { state, accessGroup, troubledPeople } = network.people;
  const demanded = demandedAccounts(state, {
    groups: [accessGroup],
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
