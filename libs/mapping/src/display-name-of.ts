import type { PushedGroup } from '@autoprov/proto';

/** What a pushed group is called at the service provider; a group named by its id is called by it. */
export function displayNameOf({ group, displayName }: PushedGroup): string {
  return displayName || (group.split('@')[0] ?? group) || group;
}
