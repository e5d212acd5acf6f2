import { groupLabel } from './domain/checks.ts';
import { judgeMemberLists, type MembersAnswer, type MembersVerdict } from './domain/completeness.ts';
import { DirectoryError, problemOf, type Problem } from './domain/directory-error.ts';
import { groupKeyOf, nestedGroupKey } from './domain/interests.ts';
import { parseMembersPage } from './domain/pages.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { readPages } from './read-pages.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { addProgress } from './store/customers.ts';
import { deleteLost, findLost, findWholeNested, listUnwhole, markWhole, mergeMembers } from './store/members.ts';

const CONCURRENT_GROUPS = 8;
const NESTING_DEPTH_MAX = 10;

/** How the groups' part of a read ended. */
export type GroupsResult = {
  /** Groups of interest that are whole, nested groups included. */
  whole: string[];
  /** Why the others are not, by the group as spelled. */
  problems: Map<string, Problem>;
};

/** Reads the members of the groups of interest, and of the groups nested in them, each group once. */
export async function readGroups(read: RunningRead): Promise<GroupsResult> {
  const keysOfInterest = new Set(read.groupsOfInterest.map(groupKeyOf));
  const problems = new Map<string, Problem>();
  const known = new Set(read.groups.map(groupKeyOf));
  let level = [...known];
  for (let depth = 0; level.length > 0 && depth <= NESTING_DEPTH_MAX; depth++) {
    const nested = new Set<string>();
    await addProgress(read.context.pool, read.customerId, { groupsTotal: level.length });
    await forEachConcurrently(level, CONCURRENT_GROUPS, async (groupKey) => {
      const result = await readGroup(read, groupKey, keysOfInterest);
      if ('problem' in result) problems.set(groupKey, result.problem);
      for (const key of result.nested) nested.add(key);
      await addProgress(read.context.pool, read.customerId, { groups: 1 });
    });
    level = [...nested].filter((key) => !known.has(key));
    for (const key of level) known.add(key);
  }
  return composeResult(read, problems);
}

/** One group: whole, or with a problem; in any case the nested groups that were seen in it. */
type GroupResult = { nested: Set<string> } | { nested: Set<string>; problem: Problem };

async function readGroup(read: RunningRead, groupKey: string, keysOfInterest: Set<string>): Promise<GroupResult> {
  const { context, customerId, readNo, lease } = read;
  const group = { customerId, readNo, groupKey };
  const nestedBefore = await findWholeNested(context.pool, group);
  if (nestedBefore) return { nested: new Set(nestedBefore) };
  const nested = new Set<string>();
  const answers: MembersAnswer[] = [];
  try {
    let verdict: MembersVerdict = 'read-again';
    while (verdict === 'read-again') {
      answers.push(await listMembers(read, groupKey, keysOfInterest, nested));
      verdict = judgeMemberLists(answers, await findLost(context.pool, group));
    }
    if (verdict === 'incomplete') {
      throw new DirectoryError('unusable', 'members.list answered with and without its "members" key in turn');
    }
    await inFencedTransaction(context, lease, async (tx) => {
      if (verdict === 'whole-without-lost') await deleteLost(tx, group);
      await markWhole(tx, group);
    });
    return { nested };
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    const foreign = err.kind === 'not-found' && !keysOfInterest.has(groupKey) && answers.length === 0;
    // A nested group that Google does not know and that we never saw is another organisation's: nobody of ours.
    if (foreign && !(await findLost(context.pool, group)).wholeBefore) {
      await inFencedTransaction(context, lease, (tx) => markWhole(tx, group));
      return { nested };
    }
    return { nested, problem: problemOfGroup(err) };
  }
}

async function listMembers(
  { context, customerId, readNo, lease, directory }: RunningRead,
  groupKey: string,
  keysOfInterest: Set<string>,
  nested: Set<string>,
): Promise<MembersAnswer> {
  let pages = 0;
  let listed = false;
  for await (const page of readPages((token) => directory.listMembers(groupKey, token), parseMembersPage)) {
    const onlyPage = pages === 0 && page.nextPageToken === undefined;
    if (!page.listed && !onlyPage) {
      throw new DirectoryError('unusable', 'members.list answered one of several pages without its "members" key');
    }
    const members = page.items.map((member) => ({
      ...member,
      key: member.kind === 'group' ? nestedGroupKey(member, keysOfInterest) : '',
    }));
    for (const { kind, key } of members) if (kind === 'group') nested.add(key);
    await inFencedTransaction(context, lease, (tx) => mergeMembers(tx, { customerId, readNo, groupKey }, members));
    listed = page.listed;
    pages++;
  }
  return listed ? 'listed' : 'keyless';
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
