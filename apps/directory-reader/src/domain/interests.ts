/** What one setup wants to be read beside the users. */
export type SetupInterests = {
  /** Groups, as the setup spells them. */
  groups: string[];
  /** Names of custom schemas. */
  schemas: string[];
};

/**
 * Finds what a setup wants to be read.
 *
 * @param scopeGroups `scope.groups`
 * @param attributePaths the `attribute` of each mapping row, for example `customSchemas.Employment.badge`
 */
export function interestsOf(scopeGroups: string[], attributePaths: string[]): SetupInterests {
  const schemas = attributePaths.flatMap((path) => /^customSchemas\.([^.[\]]+)/.exec(path)?.slice(1, 2) ?? []);
  return { groups: sortedUnique(scopeGroups), schemas: sortedUnique(schemas) };
}

/** The key by which a group is read and kept: addresses and ids of groups do not tell upper from lower case. */
export function groupKeyOf(name: string): string {
  return name.toLowerCase();
}

/** The key of a nested group: the one by which it is of interest itself, so that it is read once; else its id. */
export function nestedGroupKey({ id, email }: { id: string; email: string }, keysOfInterest: Set<string>): string {
  return keysOfInterest.has(email) ? email : groupKeyOf(id);
}

function sortedUnique(names: string[]): string[] {
  return [...new Set(names)].sort();
}
