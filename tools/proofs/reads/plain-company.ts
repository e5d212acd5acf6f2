import { plainPeople } from '@autoprov/testing';
import type { DirectoryState, ExamplePeople } from '@autoprov/testing';

/** A scope that nobody is in: its directory is read, and nothing is pushed. */
export const nobody = { filter: 'user.primaryEmail == "nobody"' };

/** People of no interest but their number, as a network takes them. */
export function plainCompany(size: Parameters<typeof plainPeople>[0]): ExamplePeople {
  const state = plainPeople(size);
  const serviceProviderSeed = { accounts: [], signedUp: [], requiredAttributes: [] };
  return { state, adminEmail: `admin@${state.domain}`, accessGroup: '', troubledPeople: [], serviceProviderSeed };
}

/** The addresses of the directory's groups, in order. */
export function groupsOf({ groups }: DirectoryState): string[] {
  return [...groups.values()].map(({ email }) => email);
}
