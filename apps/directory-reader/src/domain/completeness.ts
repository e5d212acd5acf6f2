/** A whole list shorter than this share of the last one is doubted. */
const PLAUSIBLE_SHARE = 0.9;

/** What becomes of the list of users after its last page came. */
export type UsersVerdict =
  // Believed: who is not on it is asked for one by one.
  | 'whole'
  // Too short to be believed at once.
  | 'read-again'
  // Two short lists that contradict each other: nobody is missed because of them.
  | 'incomplete';

/**
 * Judges the lengths of the lists of users that one read got, each with all its pages.
 *
 * @param counts of this read, one or two
 * @param wholeCount of the last list that was believed; undefined: none yet
 */
export function judgeUserCounts(counts: number[], wholeCount: number | undefined): UsersVerdict {
  const [first = 0, second] = counts;
  const latest = second ?? first;
  if (wholeCount === undefined || latest >= wholeCount * PLAUSIBLE_SHARE) return 'whole';
  if (second === undefined) return 'read-again';
  const agree = Math.min(first, second) >= Math.max(first, second) * PLAUSIBLE_SHARE;
  return agree ? 'whole' : 'incomplete';
}

/** How one list of a group's members came: with its `members` key, or, in one page, without. */
export type MembersAnswer = 'listed' | 'keyless';

/** What becomes of a group's direct members after a list of them ended. */
export type MembersVerdict =
  // Nothing was lost.
  | 'whole'
  // Whoever none of the lists of this read showed is no member any more.
  | 'whole-without-lost'
  | 'read-again'
  | 'incomplete';

/** Lists of one group in one read, at most: two that agree, after one that did not. */
const MEMBER_LISTS_MAX = 3;

/**
 * Judges the lists of a group's members that one read got, in order. A lost membership, and that a group without a
 * `members` key is empty, are believed when two lists in a row say so.
 *
 * @param lost whether a member that was known has been on none of these lists
 * @param wholeBefore whether the group was read whole in an earlier read
 */
export function judgeMemberLists(
  answers: MembersAnswer[],
  { lost, wholeBefore }: { lost: boolean; wholeBefore: boolean },
): MembersVerdict {
  const latest = answers.at(-1);
  const confirmed = answers.length > 1 && answers.at(-2) === latest;
  if (!lost && (latest === 'listed' || wholeBefore || confirmed)) return 'whole';
  if (confirmed) return 'whole-without-lost';
  return answers.length < MEMBER_LISTS_MAX ? 'read-again' : 'incomplete';
}
