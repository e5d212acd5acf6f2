import type { HeldLease } from '@autoprov/postgres';
import { announceChangedUsers, announceCoverage, withdrawCoverage } from './announce.ts';
import type { ReaderContext } from './context.ts';
import { checksOfRead } from './domain/checks.ts';
import type { Problem } from './domain/directory-error.ts';
import { nextPollInterval } from './domain/poll-interval.ts';
import { openDirectory } from './open-directory.ts';
import { missingAmong, retryTimeOf } from './read-end.ts';
import { readGroups, type GroupsResult } from './read-groups.ts';
import { readUsers, type UsersResult } from './read-users.ts';
import { reportChecks } from './report-checks.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { beginRead } from './store/begin-read.ts';
import { endRead } from './store/customers.ts';
import { listInterests, purgeInterests, recordGroupResults } from './store/interests.ts';
import { deleteUnreached, settleGroups } from './store/members.ts';
import { endReadGaps, saveReadGaps } from './store/read-gaps.ts';
import { findRequestsPerMinute } from './store/request-budgets.ts';
import { listActiveApps } from './store/setups.ts';

/** A read of everything; pollIntervalMs is what preceded it, undefined before the first. */
type ScheduledRead = RunningRead & { pollIntervalMs: number | undefined };

/**
 * Reads a customer's directory, if that is due, into the mirror and announces what changed. Where it crashes nothing is
 * lost: whoever comes next goes on from the last page that was merged, or reads anew when that was too long ago.
 *
 * @param stopping ends the read when aborted
 */
export async function readCustomer(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<void> {
  const read = await begin(context, customerId, lease, stopping);
  if (!read) return;
  const users = await readUsers(read);
  const groups = await readGroups(read);
  await inFencedTransaction(context, lease, async (tx) => {
    await settleGroups(tx, customerId, groups.whole);
    await deleteUnreached(tx, customerId);
  });
  const changed = await announceChangedUsers(read);
  const incomplete = await end(read, { users, groups, changed });
  context.outbox.wake();
  context.logger.info({ customerId, readNo: read.readNo, changed, incomplete }, 'directory read');
}

async function begin(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<ScheduledRead | undefined> {
  const { now } = context;
  const begun = await inFencedTransaction(context, lease, async (tx) => {
    await purgeInterests(tx, customerId, now());
    const interests = await listInterests(tx, customerId);
    const beginning = await beginRead(tx, customerId, { now: now(), schemas: interests.schemas });
    if (!beginning) return undefined;
    if (beginning.isBehind) await withdrawCoverage(tx, beginning.customer);
    return { customer: beginning.customer, interests };
  });
  if (!begun) return undefined;
  const { readNo, wholeUserCount, deletionsUnknown, membershipsUnknown, pollIntervalMs } = begun.customer;
  const { groups, schemas } = begun.interests;
  return {
    context,
    customerId,
    readNo,
    lease,
    wholeUserCount: wholeUserCount ?? undefined,
    deletionsUnknown,
    membershipsUnknown,
    pollIntervalMs: pollIntervalMs ?? undefined,
    groups,
    groupsOfInterest: groups,
    schemas,
    ...(await openDirectory(context, customerId, lease, stopping)),
  };
}

/** How the parts of a read ended, and how many users it announced. */
type ReadResult = { users: UsersResult; groups: GroupsResult; changed: number };

/** Stores and publishes how a read ended; answers the parts that are not whole. */
async function end(read: ScheduledRead, { users, groups, changed }: ReadResult): Promise<string[]> {
  const { context, customerId, readNo, lease } = read;
  const endTime = context.now();
  const usersProblem = 'problem' in users ? users.problem : undefined;
  const problems: [string, Problem][] = [...groups.problems].map(([name, problem]) => [`groups/${name}`, problem]);
  if (usersProblem) problems.unshift(['users', usersProblem]);
  const pollIntervalMs = usersProblem
    ? (read.pollIntervalMs ?? context.poll.usualMs)
    : await decidePollInterval(read, changed > 0);
  const plannedTime = new Date(endTime.getTime() + pollIntervalMs);
  const retryTime = retryTimeOf(
    problems.map(([, problem]) => problem),
    endTime,
  );
  const nextReadTime = retryTime && retryTime < plannedTime ? retryTime : plannedTime;

  const incompleteParts = problems.map(([part, { code, detail }]) => ({ part, code, detail }));
  const forgetBefore = new Date(endTime.getTime() - context.historyKeptMs);

  await inFencedTransaction(context, lease, async (tx) => {
    await saveReadGaps(tx, customerId, incompleteParts, endTime);
    await endReadGaps(tx, customerId, { incompleteParts, endTime, forgetBefore });
    await recordGroupResults(tx, customerId, { ...groups, missing: missingAmong(groups), endTime });
    await endRead(tx, customerId, {
      readNo,
      endTime,
      nextReadTime,
      pollIntervalMs,
      incompleteParts,
      wholeUsers: 'count' in users ? users : undefined,
    });
    await announceCoverage(tx, customerId, { force: false });
    const apps = await listActiveApps(tx, customerId);
    const checks = checksOfRead({ customerId, usersProblem, groupProblems: groups.problems, apps });
    await reportChecks(tx, context, checks, nextReadTime);
  });
  return problems.map(([part]) => part);
}

async function decidePollInterval(read: ScheduledRead, changed: boolean): Promise<number> {
  const { context, customerId } = read;
  const requestsPerMinute = await findRequestsPerMinute(context.pool, customerId, context);
  const requests = read.requestsSent();
  return nextPollInterval({ previousMs: read.pollIntervalMs, changed, requests, requestsPerMinute }, context.poll);
}
