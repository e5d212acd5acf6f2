import { displayNameOf } from '@autoprov/mapping';
import type { PushedGroup } from '@autoprov/proto';
import { checkList } from './check-list.ts';
import type { Violation } from './check-setup.ts';

/** Each is pushed by itself: more than so many is rather everything than a choice. */
const MAX_GROUPS = 1_000;

/** What is wrong with the groups that are to be pushed; empty: nothing. */
export function checkPushedGroups(groups: readonly PushedGroup[]): Violation[] {
  if (groups.length > MAX_GROUPS) {
    return [{ field: 'pushed_groups', description: `are more than ${MAX_GROUPS}: push those that are needed there` }];
  }
  const named = groups.flatMap(({ group, displayName }, i) => {
    const field = `pushed_groups[${i}].display_name`;
    if (displayName !== '') return checkList(field, [displayName]).map(({ description }) => ({ field, description }));
    if (group === '' || group.includes('@')) return [];
    return [{ field, description: 'is missing: a group named by its id has no other name' }];
  });
  const fieldAt = (part: string) => (violation: Violation) => ({
    ...violation,
    field: violation.field.replace(/^pushed_groups(\[\d+\])$/, `pushed_groups$1.${part}`),
  });
  const twice = checkList(
    'pushed_groups',
    groups.map(({ group }) => group),
    { ignoreCase: true },
  ).map(fieldAt('group'));
  if (named.length + twice.length > 0) return [...twice, ...named];
  // Two groups of one name could not be told apart there.
  return checkList('pushed_groups', groups.map(displayNameOf), { ignoreCase: true }).map(fieldAt('display_name'));
}
