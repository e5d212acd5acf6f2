import type { HeldLease } from '@autoprov/postgres';
import { announceChangedUsers, announceCoverage } from './announce.ts';
import type { ReaderContext } from './context.ts';
import { checksOfRead } from './domain/checks.ts';
import { openDirectory } from './open-directory.ts';
import { missingAmong, retryTimeOf } from './read-end.ts';
import { readGroups, type GroupsResult } from './read-groups.ts';
import { reportChecks } from './report-checks.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { beginAddition, endAddition } from './store/customers.ts';
import { listInterests, recordGroupResults } from './store/interests.ts';
import { deleteUnreached, settleGroups } from './store/members.ts';
import { saveReadGaps } from './store/read-gaps.ts';
import { listActiveApps } from './store/setups.ts';

/**
 * Reads the groups that came to be of interest after the last read, and nothing else: they are added to that read, whose
 * users and other groups stay as they are. After a crash it is done again.
 *
 * @param stopping ends it when aborted
 */
export async function readNewGroups(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<void> {
  const begun = await inFencedTransaction(context, lease, async (tx) => {
    const customer = await beginAddition(tx, customerId, context.now());
    return customer && { customer, interests: await listInterests(tx, customerId) };
  });
  if (!begun) return;
  const { schemas, groups: groupsOfInterest, unreadGroups: groups } = begun.interests;
  const { readNo, wholeUserCount, deletionsUnknown, membershipsUnknown } = begun.customer;
  const read: RunningRead = {
    context,
    customerId,
    readNo,
    lease,
    wholeUserCount: wholeUserCount ?? undefined,
    deletionsUnknown,
    membershipsUnknown,
    schemas,
    groups,
    groupsOfInterest,
    ...(await openDirectory(context, customerId, lease, stopping)),
  };
  const result = await readGroups(read);
  await inFencedTransaction(context, lease, async (tx) => {
    await settleGroups(tx, customerId, result.whole);
    await deleteUnreached(tx, customerId);
  });
  const changed = await announceChangedUsers(read);
  await end(read, result);
  context.outbox.wake();
  const incomplete = result.problems.size;
  context.logger.info({ customerId, readNo, groups: groups.length, changed, incomplete }, 'new groups read');
}

async function end({ context, customerId, lease }: RunningRead, groups: GroupsResult): Promise<void> {
  const endTime = context.now();
  const problems = [...groups.problems];
  const retryTime = retryTimeOf(
    problems.map(([, problem]) => problem),
    endTime,
  );
  await inFencedTransaction(context, lease, async (tx) => {
    const parts = problems.map(([name, { code, detail }]) => ({ part: `groups/${name}`, code, detail }));
    await saveReadGaps(tx, customerId, parts, endTime);
    await recordGroupResults(tx, customerId, { ...groups, missing: missingAmong(groups), endTime });
    const nextReadTime = await endAddition(tx, customerId, { incompleteParts: parts, retryTime });
    await announceCoverage(tx, customerId, { force: false });
    const apps = await listActiveApps(tx, customerId);
    const checks = checksOfRead({ customerId, usersProblem: undefined, groupProblems: groups.problems, apps });
    // What works again only a read of everything can say.
    const failed = checks.filter(({ passed }) => !passed);
    await reportChecks(tx, context, failed, nextReadTime);
  });
}
