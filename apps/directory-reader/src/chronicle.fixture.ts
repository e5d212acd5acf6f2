import { findGroup, type DirectoryState } from '@autoprov/testing';

/**
 * What was so in an example directory, and when: an independent word on it, made of the directory's own state and of no
 * code of the reader. Call `note` after each change.
 *
 * @param groups the addresses of the groups that matter
 */
export function createChronicle(state: DirectoryState, groups: string[]) {
  /** For each person, and each person in a group: since when they are there or not, in milliseconds of performance.now(). */
  const turns = new Map<string, { sinceMs: number; there: boolean }[]>();

  function turn(fact: string, there: boolean, atMs: number): void {
    const known = turns.get(fact) ?? [];
    if ((known.at(-1)?.there ?? false) === there) return;
    turns.set(fact, [...known, { sinceMs: atMs, there }]);
  }
  function note(): void {
    const atMs = performance.now();
    for (const { id, deletionTime } of state.users.values()) turn(presenceOf(id), !deletionTime, atMs);
    for (const group of groups) {
      // A group that is gone holds its members' access until somebody decides: nobody leaves it by that.
      const members = findGroup(state, group) && membersOf(state, group);
      if (!members) continue;
      for (const id of state.users.keys()) turn(membershipOf(id, group), members.has(id), atMs);
    }
  }
  note();
  return {
    note,
    /** Whether there was a moment in that time when it was not so. */
    wasEverGone(fact: string, fromMs: number, toMs: number): boolean {
      const known = turns.get(fact) ?? [];
      const atFirst = known.findLast(({ sinceMs }) => sinceMs <= fromMs)?.there ?? false;
      return !atFirst || known.some(({ sinceMs, there }) => !there && sinceMs > fromMs && sinceMs <= toMs);
    },
  };
}

/** That somebody exists. */
export const presenceOf = (id: string): string => `user ${id}`;
/** That somebody is in a group, through others or not. */
export const membershipOf = (id: string, group: string): string => `user ${id} in ${group}`;

/** The ids of those who are in a group, by the directory itself: directly, through other groups, or as everybody. */
export function membersOf(state: DirectoryState, key: string): Set<string> {
  const members = new Set<string>();
  const visited = new Set<string>();
  const visit = (groupKey: string): void => {
    const group = findGroup(state, groupKey);
    if (!group || visited.has(group.id)) return;
    visited.add(group.id);
    for (const { type, id } of group.members) {
      if (type === 'GROUP') visit(id);
      if (type === 'USER' && state.users.has(id)) members.add(id);
      if (type === 'CUSTOMER') for (const user of state.users.values()) if (!user.deletionTime) members.add(user.id);
    }
  };
  visit(key);
  return members;
}
