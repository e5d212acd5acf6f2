import { createHash } from 'node:crypto';

/** Takes in the users that exist, one after another, and gives `ReadCompleted.present_hash`. */
export type PresentHash = {
  /** The next user, in bytewise order of ids. */
  add(id: string, seq: bigint): void;
  /** The hash, in hex; nothing can be added after. */
  digest(): string;
};

/**
 * The hash by which the reader's mirror and a copy of it are compared (`ReadCompleted.present_hash`): sha256, in hex,
 * over `{id}:{seq}\n` of every user whose state is not deleted, in bytewise order of the ids (in SQL: collate "C").
 * An id out of order throws: the two sides would differ for ever.
 */
export function createPresentHash(): PresentHash {
  const hash = createHash('sha256');
  let previous = Buffer.alloc(0);
  return {
    add(id, seq) {
      const bytes = Buffer.from(id);
      if (Buffer.compare(bytes, previous) <= 0) {
        throw new Error('users must be added once each, in bytewise order of their ids: order by id collate "C"');
      }
      previous = bytes;
      hash.update(`${id}:${seq}\n`);
    },
    digest: () => hash.digest('hex'),
  };
}
