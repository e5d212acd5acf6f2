import { inTransaction } from '@autoprov/postgres';
import { groupLabel } from './domain/checks.ts';
import { judgeMemberLists, type MembersAnswer, type MembersVerdict } from './domain/completeness.ts';
import { DirectoryError, problemOf, type Problem } from './domain/directory-error.ts';
import { groupKeyOf, nestedGroupKey } from './domain/interests.ts';
import { parseMembersPage } from './domain/pages.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { readPages } from './read-pages.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { addProgress } from './store/customers.ts';
import { findList, moveList, progressAfter } from './store/lists.ts';
import {
  deleteLost,
  findLost,
  hasMembers,
  listDoubted,
  listNested,
  listUnwhole,
  listWhole,
  markWhole,
  mergeMembers,
  unmarkWhole,
} from './store/members.ts';

const CONCURRENT_GROUPS = 8;
const NESTING_DEPTH_MAX = 10;

/** How the groups' part of a read ended. */
export type GroupsResult = {
  /** Groups of interest that are whole, nested groups included. */
  whole: string[];
  /** Why the others are not, by the group as spelled. */
  problems: Map<string, Problem>;
};

/** The groups of one read. */
type GroupsRead = RunningRead & {
  keysOfInterest: Set<string>;
  /** The keys that were met. */
  met: Set<string>;
  /** Those that this read had whole before it broke off, or before groups were added to it. */
  done: Set<string>;
  /** Why groups are not whole, by key. */
  problemsByKey: Map<string, Problem>;
};

/** Reads the members of the groups of interest, and of the groups nested in them, each group once. */
export async function readGroups(read: RunningRead): Promise<GroupsResult> {
  const keysOfInterest = new Set(read.groupsOfInterest.map(groupKeyOf));
  const done = new Set(await listWhole(read.context.pool, read.customerId, read.readNo));
  const groups: GroupsRead = { ...read, keysOfInterest, met: new Set(), done, problemsByKey: new Map() };
  await readDownFrom(groups, new Set(read.groups.map(groupKeyOf)));
  // Groups that were nested meanwhile come as news.
  await readDownFrom(groups, await confirmLosses(groups));
  return composeResult(read, groups.problemsByKey);
}

async function readDownFrom(read: GroupsRead, keys: Iterable<string>): Promise<void> {
  const { context, customerId, met, done, problemsByKey } = read;
  const unmet = (some: Iterable<string>) => [...some].filter((key) => !met.has(key));
  let level = unmet(keys);
  for (let depth = 0; level.length > 0 && depth <= NESTING_DEPTH_MAX; depth++) {
    const nested = new Set<string>();
    for (const key of level) met.add(key);
    await addProgress(context.pool, customerId, { groupsTotal: level.length });
    await forEachConcurrently(level, CONCURRENT_GROUPS, async (groupKey) => {
      const problem = done.has(groupKey) ? undefined : await readGroup(read, groupKey);
      if (problem) problemsByKey.set(groupKey, problem);
      for (const key of await listNested(context.pool, { ...read, groupKey })) nested.add(key);
      await addProgress(context.pool, customerId, { groups: 1 });
    });
    level = unmet(nested);
  }
}

/** Reads one group whole; answers the problem when it is not. */
async function readGroup(read: GroupsRead, groupKey: string): Promise<Problem | undefined> {
  const { context, customerId, readNo, lease, keysOfInterest } = read;
  const group = { customerId, readNo, groupKey };
  const part = `groups/${groupKey}`;
  const answers = (await findList(context.pool, { customerId, readNo, part })).ended as MembersAnswer[];
  try {
    let verdict: MembersVerdict = 'read-again';
    while (verdict === 'read-again') {
      answers.push(await listMembers(read, { groupKey, part, answers }));
      verdict = judgeMemberLists(answers, await findLost(context.pool, group));
    }
    if (verdict === 'incomplete') {
      throw new DirectoryError('unusable', 'members.list answered with and without its "members" key in turn');
    }
    await inFencedTransaction(context, lease, async (tx) => {
      if (verdict === 'whole-without-lost') await deleteLost(tx, group);
      await markWhole(tx, group);
    });
    return undefined;
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    const unknown = err.kind === 'not-found' && !keysOfInterest.has(groupKey);
    // A nested group that Google does not know and in which we never saw anybody is another organisation's.
    if (unknown && !(await hasMembers(context.pool, group))) {
      await inFencedTransaction(context, lease, (tx) => markWhole(tx, group));
      return undefined;
    }
    return problemOfGroup(err);
  }
}

/** Lists the direct members of a group to the end, from where a read that broke off had come to. */
async function listMembers(
  { context, customerId, readNo, lease, directory, keysOfInterest }: GroupsRead,
  { groupKey, part, answers }: { groupKey: string; part: string; answers: MembersAnswer[] },
): Promise<MembersAnswer> {
  const list = { customerId, readNo, part };
  const { pageToken } = await findList(context.pool, list);
  let answer: MembersAnswer = 'keyless';
  for await (const page of readPages((token) => directory.listMembers(groupKey, token), parseMembersPage, pageToken)) {
    const onlyPage = page.isFirst && page.nextPageToken === undefined;
    if (!page.listed && !onlyPage) {
      throw new DirectoryError('unusable', 'members.list answered one of several pages without its "members" key');
    }
    const members = page.items.map((member) => ({
      ...member,
      key: member.kind === 'group' ? nestedGroupKey(member, keysOfInterest) : '',
    }));
    answer = page.listed ? 'listed' : 'keyless';
    await inFencedTransaction(context, lease, async (tx) => {
      await mergeMembers(tx, { customerId, readNo, groupKey }, members);
      // A list of one page is read again when it breaks off: that costs no more than to remember it.
      if (!onlyPage) await moveList(tx, list, progressAfter(page, { ended: answers, items: 0, how: answer }));
    });
  }
  return answer;
}

/**
 * Lists groups again before somebody is believed to have left a group that has groups nested in it: who moves from one of
 * them to another while they are read, one after the other, is on none of the lists, and was in the group all the time.
 * So too where the mirror cannot tell who was in it before.
 *
 * @returns the keys of the groups that are nested in them now
 */
async function confirmLosses(read: GroupsRead): Promise<string[]> {
  const { context, customerId, readNo, lease, keysOfInterest, problemsByKey } = read;
  const nested: string[] = [];
  const doubted = await inTransaction(context.pool, (tx) => listDoubted(tx, read));
  await forEachConcurrently(doubted, CONCURRENT_GROUPS, async (groupKey) => {
    const part = `groups/${groupKey} again`;
    const answers = (await findList(context.pool, { customerId, readNo, part })).ended as MembersAnswer[];
    try {
      if (answers.length === 0) await listMembers(read, { groupKey, part, answers });
      nested.push(...(await listNested(context.pool, { customerId, readNo, groupKey })));
    } catch (err) {
      if (!(err instanceof DirectoryError)) throw err;
      // A nested group that is another organisation's, or was deleted meanwhile: what is known of it still counts.
      if (err.kind === 'not-found' && !keysOfInterest.has(groupKey)) return;
      problemsByKey.set(groupKey, problemOfGroup(err));
      await inFencedTransaction(context, lease, (tx) => unmarkWhole(tx, { customerId, readNo, groupKey }));
    }
  });
  return nested;
}

/** The code of the error model for a group whose members could not be read. */
export function problemOfGroup(err: DirectoryError): Problem {
  if (err.kind !== 'not-found') return problemOf(err, 'groups');
  return { code: '50005', reason: 'GROUP_MISSING', detail: err.message };
}

async function composeResult(read: RunningRead, problemsByKey: Map<string, Problem>): Promise<GroupsResult> {
  const wanted = new Set(read.groups);
  const problems = new Map<string, Problem>();
  for (const { name, groupKey } of await listUnwhole(read.context.pool, read.customerId, read.readNo)) {
    const own = groupKey === groupKeyOf(name);
    // Its own trouble says more than that of a nested group.
    if (!wanted.has(name) || (problems.has(name) && !own)) continue;
    const problem = problemsByKey.get(groupKey);
    problems.set(name, own && problem ? problem : problemOfNested(groupLabel(groupKey), problem));
  }
  return { whole: read.groups.filter((name) => !problems.has(name)), problems };
}

function problemOfNested(label: string, problem: Problem | undefined): Problem {
  if (!problem) {
    const detail = `group "${label}" is nested more than ${NESTING_DEPTH_MAX} deep and was not read: flatten the groups`;
    return { code: '50003', reason: 'NESTED_TOO_DEEP', detail };
  }
  const detail = `nested group "${label}": ${problem.detail}`;
  // No scope names it, so its absence is not 50005: the group it is in will stop naming it.
  if (problem.code === '50005') return { code: '50003', reason: 'NESTED_GROUP_MISSING', detail };
  // The group it is in was answered, so the admin's role is not lost: it is another organisation's.
  if (problem.reason === 'ADMIN_ROLE_LOST') {
    return {
      code: '50003',
      reason: 'NESTED_GROUP_FORBIDDEN',
      detail: `${detail}: take it out, or let the admin see it`,
    };
  }
  return { ...problem, detail };
}
