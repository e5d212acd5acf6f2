/** A direct membership of the mirror, as far as it can lead to one user. */
export type MembershipEdge = {
  groupKey: string;
  kind: 'user' | 'group' | 'everybody';
  /** Of a nested group: its key and, where known, its address. */
  memberKey: string;
  memberEmail: string;
};

/** A group that a group reaches, and the last read that had its direct members whole; 0: none yet. */
export type ReachedGroup = { groupKey: string; wholeReadNo: bigint };

/** What a walk from a group finds. */
export type MembershipWalk = {
  /** How far each group is, in the order in which they were met. */
  depths: Map<string, number>;
  /** The shortest way to the user; undefined: there is none. */
  path: MembershipEdge[] | undefined;
};

/**
 * Walks from a group to the user, nearest groups first and each group once, so that cycles end and the first way found
 * is a shortest one. How deep is the reader's to limit, which lists no members of groups that are nested too deep: another
 * limit here could deny a membership that counts.
 */
export function walkMembership(groupKey: string, edges: readonly MembershipEdge[]): MembershipWalk {
  const byGroup = Map.groupBy(edges, (edge) => edge.groupKey);
  const cameBy = new Map<string, MembershipEdge[]>([[groupKey, []]]);
  let path: MembershipEdge[] | undefined;
  // A Map goes on to what is added while it is walked through.
  for (const [key, way] of cameBy) {
    for (const edge of byGroup.get(key) ?? []) {
      if (edge.kind === 'group') {
        if (!cameBy.has(edge.memberKey)) cameBy.set(edge.memberKey, [...way, edge]);
      } else if (path === undefined || way.length + 1 < path.length) {
        path = [...way, edge];
      }
    }
  }
  return { depths: new Map([...cameBy].map(([key, way]) => [key, way.length])), path };
}

/** What the sentence is about. */
export type MembershipFacts = {
  isMember: boolean;
  isDeleted: boolean;
  path: MembershipEdge[] | undefined;
  missing: boolean;
  /** The group, with those nested in it, was read whole at least once. */
  everWhole: boolean;
  groupCount: number;
  incompleteCount: number;
};

/** Why somebody is in a group or not, in a sentence. */
export function explainMembership(facts: MembershipFacts): string {
  const { isMember, isDeleted, path, missing, everWhole, groupCount, incompleteCount } = facts;
  if (isDeleted) return 'the user is deleted in the directory, and in no group';
  const gone = missing ? 'Google does not know the group any more, so nobody leaves it until somebody decides' : '';
  if (isMember && path) return [describePath(path), gone].filter(Boolean).join('; ');
  if (isMember) {
    return gone || 'was in it when it was last read whole; nobody leaves it before it is read whole again';
  }
  if (path) return `${describePath(path)}; that counts from the end of the read under way`;
  if (!everWhole) return 'the group was not read whole yet, so who is not in it is not known';
  const lookedAt = groupCount === 1 ? 'the group does not have' : `none of the ${groupCount} groups looked at has`;
  const which = groupCount === 1 ? 'it' : `${incompleteCount} of them`;
  const incomplete = incompleteCount > 0 ? `; ${which} could not be read whole by the last read` : '';
  return `${lookedAt} the user as a member${incomplete}`;
}

function describePath(path: MembershipEdge[]): string {
  const nested = path.length - 1;
  const how = nested === 0 ? 'directly' : `by ${nested} nested group${nested === 1 ? '' : 's'}`;
  return path.at(-1)!.kind === 'everybody' ? `in it ${how}, with everybody in the directory` : `in it ${how}`;
}
