import { createPresentHash, DirectoryUser_State, type DirectoryEvent, type DirectoryUser } from '@autoprov/proto';

/** What a consumer loses by one event: somebody, or somebody's place in a group that it relies on. */
export type Loss = { id: string; group?: string; observeTime?: Date };

/**
 * A consumer's copy of the mirror, as the pusher keeps it: newer states win, a group counts from the ReadCompleted that
 * covers it, and after each one count and hash are compared.
 */
export function createCopy() {
  const users = new Map<string, DirectoryUser & { seq: bigint }>();
  /** Of each user, the groups that were acted upon. */
  const acted = new Map<string, Set<string>>();
  let covered = new Set<string>();
  let readSeq = 0n;
  let differs = false;

  function lossesOf(id: string): Loss[] {
    const { groups, state } = users.get(id)!;
    if (state === DirectoryUser_State.STATE_DELETED) return [];
    const before = acted.get(id) ?? new Set();
    const now = new Set([...before].filter((group) => !covered.has(group)));
    for (const group of groups) if (covered.has(group)) now.add(group);
    acted.set(id, now);
    return [...before].filter((group) => !now.has(group)).map((group) => ({ id, group }));
  }
  function takeUser(user: DirectoryUser, seq: bigint): Loss[] {
    const id = user.name.split('/').at(-1)!;
    const before = users.get(id);
    if (before && before.seq >= seq) return [];
    users.set(id, { ...user, seq });
    const isDeleted = user.state === DirectoryUser_State.STATE_DELETED;
    if (isDeleted) acted.delete(id);
    const goes = isDeleted && before && before.state !== user.state;
    return goes ? [{ id, ...(user.observeTime && { observeTime: user.observeTime }) }] : lossesOf(id);
  }
  return {
    users,
    /** Whether the last ReadCompleted had another count or hash. */
    differs: () => differs,
    covered: () => covered,
    /** Takes an event in, and answers what is lost by it. */
    take({ seq, event }: DirectoryEvent): Loss[] {
      if (event?.$case === 'user') return takeUser(event.value, seq);
      if (event?.$case !== 'readCompleted' || seq < readSeq) return [];
      readSeq = seq;
      covered = new Set(event.value.groups);
      const present = [...users].filter(([, { state }]) => state !== DirectoryUser_State.STATE_DELETED);
      const hash = createPresentHash();
      for (const [id, user] of present.sort(([a], [b]) => (a < b ? -1 : 1))) hash.add(id, user.seq);
      differs = hash.digest() !== event.value.presentHash || BigInt(present.length) !== event.value.presentCount;
      return [...users.keys()].flatMap(lossesOf);
    },
  };
}
