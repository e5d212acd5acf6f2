import type { DirectoryState } from '@autoprov/testing';

/** A scope that nobody is in: its directory is read, and nothing is pushed. */
export const nobody = { filter: 'user.primaryEmail == "nobody"' };

/** The addresses of the directory's groups, in order. */
export function groupsOf({ groups }: DirectoryState): string[] {
  return [...groups.values()].map(({ email }) => email);
}
