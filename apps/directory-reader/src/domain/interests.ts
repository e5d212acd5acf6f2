import { matchingExpressions, schemasOf } from '@autoprov/mapping';
import type { ProvisioningSetup } from '@autoprov/proto';

/** What one setup wants to be read beside the users. */
export type SetupInterests = {
  /** Groups, as the setup spells them. */
  groups: string[];
  /** Names of custom schemas. */
  schemas: string[];
};

/**
 * What a setup wants to be read: the groups of its scope and those that are pushed, and the custom schemas that its mapping,
 * filter and matching name.
 */
export function interestsOf(
  setup: Pick<ProvisioningSetup, 'scope' | 'attributeMapping' | 'matching' | 'pushedGroups'> | undefined,
): SetupInterests {
  const { scope, attributeMapping, matching, pushedGroups = [] } = setup ?? {};
  return {
    groups: sortedUnique([...(scope?.groups ?? []), ...pushedGroups.map(({ group }) => group)]),
    schemas: schemasOf(attributeMapping?.rows ?? [], scope?.filter ?? '', ...matchingExpressions(matching)),
  };
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
